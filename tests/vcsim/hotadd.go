package main

import (
	"fmt"
	"log"
	"os"
	"path"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// appearsAfter is how long the agent's kernel takes to see a disk that was connected.
const appearsAfter = 50 * time.Millisecond

// mayHotAdd refuses what vSphere refuses when a disk is connected to a VM that runs.
func (v *vcenter) mayHotAdd(m *machine, index int32, onSCSI bool, path string, found *disk) *refusal {
	if !m.running.Load() {
		return nil
	}
	if !onSCSI {
		return &refusal{&types.InvalidDeviceSpec{DeviceIndex: index}, "Only SCSI disks can be connected to a VM that runs."}
	}
	if user := v.library.writer(found, m); user != nil {
		return locked(path, fmt.Sprintf("Failed to lock the file %s: %s writes to it.", path, user.Name))
	}
	if cleanPath(path) != found.path {
		return locked(path, fmt.Sprintf("Failed to lock the file %s: a delta belongs to its own VM.", path))
	}
	return nil
}

// mayDelete refuses to delete a disk that another machine has.
func (v *vcenter) mayDelete(m *machine, path string) *refusal {
	found := v.library.find(path)
	if found == nil {
		return nil
	}
	for _, user := range v.library.usersOf(found, m) {
		return locked(path, fmt.Sprintf("Failed to lock the file %s: it is connected to %s.", path, user.Name))
	}
	return nil
}

// hotAdd is the folder in which the kernel of the agent's VM shows the disks that are connected to it, by their identities.
type hotAdd struct {
	folder string
	agent  string
}

// follow shows the disks that the agent's VM has now. Those that are gone vanish at once; new ones take a moment.
func (h *hotAdd) follow(m *machine) {
	if h.folder == "" || m.Name != h.agent {
		return
	}
	wanted := map[string]string{}
	for _, attached := range m.disks {
		wanted[deviceName(attached.disk)] = attached.disk.flat
	}
	shown, _ := os.ReadDir(h.folder)
	for _, each := range shown {
		if wanted[each.Name()] == "" {
			_ = os.Remove(path.Join(h.folder, each.Name()))
		}
	}
	time.AfterFunc(appearsAfter, func() {
		m.locked(func() {
			for _, attached := range m.disks {
				name := path.Join(h.folder, deviceName(attached.disk))
				if err := os.Symlink(attached.disk.flat, name); err != nil && !os.IsExist(err) {
					log.Print(err)
				}
			}
		})
	})
}

// deviceName is how Linux names a SCSI disk by its identity, which it learns where disk.EnableUUID is set.
func deviceName(d *disk) string {
	return "wwn-0x" + strings.ToLower(strings.ReplaceAll(d.uuid, "-", ""))
}
