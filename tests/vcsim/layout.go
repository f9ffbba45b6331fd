package main

import (
	"os"
	"path"
	"strings"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// showFiles lists the machine's files, and which of them belong to which disk and snapshot. Govmomi's own list knows no deltas.
func (m *machine) showFiles() {
	list := &fileList{}
	home := m.home()
	entries, _ := os.ReadDir(fileOf(home.String()))
	for _, entry := range entries {
		list.key(object.DatastorePath{Datastore: home.Datastore, Path: path.Join(home.Path, entry.Name())})
	}
	layout := types.VirtualMachineFileLayoutEx{Timestamp: time.Now()}
	for _, key := range m.diskKeys() {
		attached := m.disks[key]
		layout.Disk = append(layout.Disk, list.chain(key, attached.disk, attached.disk.chain()))
	}
	if m.Snapshot != nil {
		list.snapshots(&layout, m.snapshotsIn(m.Snapshot.RootSnapshotList))
	}
	layout.File = list.files
	m.set(types.PropertyChange{Name: "layoutEx", Val: layout})
	m.showStorage(layout.File)
}

// fileList gives each file one key, however often it is named.
type fileList struct {
	files []types.VirtualMachineFileLayoutExFileInfo
}

func (l *fileList) key(file object.DatastorePath) int32 {
	name := file.String()
	for _, known := range l.files {
		if known.Name == name {
			return known.Key
		}
	}
	info := types.VirtualMachineFileLayoutExFileInfo{Key: int32(len(l.files)), Name: name, Type: string(fileType(file.Path)), Accessible: types.NewBool(true)}
	info.Size = allocatedIn(fileOf(name))
	info.UniqueSize = info.Size
	l.files = append(l.files, info)
	return info.Key
}

func (l *fileList) keyOf(path string) int32 {
	var file object.DatastorePath
	file.FromString(path)
	return l.key(file)
}

// chain is a disk's files from the flat one up.
func (l *fileList) chain(key int32, d *disk, above []*delta) types.VirtualMachineFileLayoutExDiskLayout {
	units := []types.VirtualMachineFileLayoutExDiskUnit{{FileKey: []int32{l.keyOf(d.path), l.keyOf(flatOf(d.path))}}}
	for _, each := range above {
		key := l.keyOf(each.path)
		l.files[key].Size = d.bytesIn(each) // kept in memory, and yet allocated
		l.files[key].UniqueSize = l.files[key].Size
		units = append(units, types.VirtualMachineFileLayoutExDiskUnit{FileKey: []int32{key}})
	}
	return types.VirtualMachineFileLayoutExDiskLayout{Key: key, Chain: units}
}

func (l *fileList) snapshots(layout *types.VirtualMachineFileLayoutEx, all []*snapshot) {
	for _, each := range all {
		entry := types.VirtualMachineFileLayoutExSnapshotLayout{Key: each.Self, DataKey: l.keyOf(each.dataFile), MemoryKey: -1}
		for _, key := range each.diskKeys() {
			frozen := each.frozen[key]
			entry.Disk = append(entry.Disk, l.chain(key, frozen.disk, frozen.below()))
		}
		layout.Snapshot = append(layout.Snapshot, entry)
	}
}

func fileType(name string) types.VirtualMachineFileLayoutExFileType {
	switch path.Ext(name) {
	case ".vmx":
		return types.VirtualMachineFileLayoutExFileTypeConfig
	case ".nvram":
		return types.VirtualMachineFileLayoutExFileTypeNvram
	case ".log":
		return types.VirtualMachineFileLayoutExFileTypeLog
	case ".vmsn":
		return types.VirtualMachineFileLayoutExFileTypeSnapshotData
	case ".vmdk":
		if strings.HasSuffix(name, "-flat.vmdk") {
			return types.VirtualMachineFileLayoutExFileTypeDiskExtent
		}
		return types.VirtualMachineFileLayoutExFileTypeDiskDescriptor
	}
	return ""
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
