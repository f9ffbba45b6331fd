package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// Who may use which disk: a running VM has the files that it writes to for itself.

func locked(path, message string) *refusal {
	return &refusal{&types.FileLocked{FileFault: types.FileFault{File: path}}, message}
}

// heldElsewhere refuses to touch the machine's disks while another running VM has one of them, such as an agent that reads it.
func (m *machine) heldElsewhere() *refusal {
	for _, key := range m.diskKeys() {
		d := m.disks[key].disk
		for _, user := range m.vcenter.library.usersOf(d, m) {
			if user.running.Load() {
				return locked(d.path, fmt.Sprintf("Failed to lock the file %s: %s has it.", d.path, user.Name))
			}
		}
	}
	return nil
}

// writer is the running VM that writes to a disk's flat file itself; nil where a snapshot lies above it or nobody runs.
func (l *library) writer(d *disk, but *machine) *machine {
	if len(d.chain()) > 0 {
		return nil
	}
	for _, user := range l.usersOf(d, but) {
		if user.running.Load() {
			return user
		}
	}
	return nil
}
