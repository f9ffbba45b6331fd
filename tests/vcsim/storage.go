package main

import (
	"os"
	"syscall"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// showStorage says how much of the datastore the machine's files take: what is allocated of them, which of a thin disk is less
// than its size.
func (m *machine) showStorage(files []types.VirtualMachineFileLayoutExFileInfo) {
	used := types.VirtualMachineStorageSummary{Timestamp: time.Now()}
	for _, file := range files {
		used.Committed += file.Size
	}
	used.Unshared = used.Committed
	for _, attached := range m.disks {
		used.Uncommitted += greater(0, attached.disk.sizeBytes-allocatedIn(attached.disk.flat))
	}
	storage := types.VirtualMachineStorageInfo{Timestamp: used.Timestamp}
	for _, datastore := range m.Datastore { // there is one
		storage.PerDatastoreUsage = append(storage.PerDatastoreUsage, types.VirtualMachineUsageOnDatastore{Datastore: datastore, Committed: used.Committed, Uncommitted: used.Uncommitted, Unshared: used.Unshared})
	}
	m.set(types.PropertyChange{Name: "summary.storage", Val: used}, types.PropertyChange{Name: "storage", Val: storage})
}

// allocatedIn is how many bytes a file takes, its holes left out.
func allocatedIn(file string) int64 {
	there, err := os.Stat(file)
	if err != nil {
		return 0
	}
	if info, ok := there.Sys().(*syscall.Stat_t); ok {
		return info.Blocks * 512
	}
	return there.Size()
}

// bytesIn is how much a delta holds.
func (d *disk) bytesIn(of *delta) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(of.blocks)) * blockBytes
}
