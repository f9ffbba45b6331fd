package main

import (
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
