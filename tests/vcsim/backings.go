package main

import "github.com/vmware/govmomi/vim25/types"

// showDisks writes into the devices which files they are backed by now, and their newest change ids.
func (m *machine) showDisks() {
	devices := make([]types.BaseVirtualDevice, len(m.Config.Hardware.Device))
	leftOver := false
	for i, device := range m.Config.Hardware.Device {
		devices[i] = device
		virtual, backing := flatDisk(device)
		attached, ok := m.disks[device.GetVirtualDevice().Key]
		if backing == nil || !ok {
			continue
		}
		var above []*delta
		if attached.top {
			above = attached.disk.chain()
		}
		for _, each := range above {
			leftOver = leftOver || each.leftOver
		}
		devices[i] = withBacking(virtual, backingOf(backing, attached.disk, above, attached.disk.lastMark()))
	}
	m.set(
		types.PropertyChange{Name: "config.hardware.device", Val: devices},
		types.PropertyChange{Name: "runtime.consolidationNeeded", Val: leftOver},
		types.PropertyChange{Name: "summary.runtime.consolidationNeeded", Val: leftOver},
	)
	m.showFiles()
}

// backingOf is the backing of a disk with these deltas above its flat file: a chain of descriptors, of which the newest is written to.
func backingOf(like *types.VirtualDiskFlatVer2BackingInfo, d *disk, above []*delta, mark string) *types.VirtualDiskFlatVer2BackingInfo {
	base := *like
	base.FileName, base.Uuid, base.Parent, base.ChangeId, base.DeltaDiskFormat = d.path, d.uuid, nil, "", ""
	newest := &base
	for _, each := range above {
		child := base
		child.FileName, child.Parent, child.DeltaDiskFormat = each.path, newest, "redoLogFormat"
		newest = &child
	}
	newest.ChangeId = mark
	return newest
}

// withBacking copies a disk: whoever has read its device before keeps what was true then.
func withBacking(virtual *types.VirtualDisk, backing *types.VirtualDiskFlatVer2BackingInfo) *types.VirtualDisk {
	changed := *virtual
	changed.Backing = backing
	return &changed
}

// flatDisk returns the disk that a device is and its backing by a file; nil for whatever else it is.
func flatDisk(device types.BaseVirtualDevice) (*types.VirtualDisk, *types.VirtualDiskFlatVer2BackingInfo) {
	virtual, ok := device.(*types.VirtualDisk)
	if !ok {
		return nil, nil
	}
	backing, _ := virtual.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	return virtual, backing
}

func capacityOf(virtual *types.VirtualDisk) int64 {
	if virtual.CapacityInBytes != 0 {
		return virtual.CapacityInBytes
	}
	return virtual.CapacityInKB * 1024
}
