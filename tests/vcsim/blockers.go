package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// block adds to a machine what keeps it from being moved while it runs, as far as govmomi could not create it.
func (m *machine) block(wanted wantedVM) {
	devices := append([]types.BaseVirtualDevice(nil), m.Config.Hardware.Device...)
	if wanted.RDM {
		devices = append(devices, rawDisk(m))
	}
	if wanted.PCIPassthrough {
		device := &types.VirtualPCIPassthrough{}
		device.Key, device.ControllerKey = 13000, 100
		device.DeviceInfo = &types.Description{Label: "PCI device 0", Summary: "NVIDIA A2"}
		device.Backing = &types.VirtualPCIPassthroughDeviceBackingInfo{Id: "0000:3b:00.0", DeviceId: "0x25b6", VendorId: 0x10de, SystemId: "BYPASS"}
		devices = append(devices, device)
	}
	if wanted.VTPM {
		device := &types.VirtualTPM{}
		device.Key, device.ControllerKey = 11000, 100
		device.DeviceInfo = &types.Description{Label: "Virtual TPM", Summary: "Virtual TPM"}
		devices = append(devices, device)
	}
	m.set(types.PropertyChange{Name: "config.hardware.device", Val: devices})
	if wanted.ConsolidationNeeded {
		for _, key := range m.diskKeys() {
			d := m.disks[key].disk
			d.freeze(freeName(d.path)).leftOver = true
		}
		m.showDisks()
	}
}

// unsupported refuses what govmomi cannot do to a VM with a raw disk.
func (m *machine) unsupported() *refusal {
	for _, device := range m.Config.Hardware.Device {
		if virtual, backing := flatDisk(device); virtual != nil && backing == nil {
			return &refusal{&types.NotSupported{}, "The simulator does not change VMs with raw disks."}
		}
	}
	return nil
}

// rawDisk is a disk that is a volume of the storage array, which snapshots and their readers cannot see.
func rawDisk(m *machine) types.BaseVirtualDevice {
	unit := int32(len(m.disks))
	device := &types.VirtualDisk{CapacityInKB: 1 << 20, CapacityInBytes: 1 << 30}
	device.Key, device.ControllerKey, device.UnitNumber = diskKey+unit, scsiKey, &unit
	device.DeviceInfo = &types.Description{Label: fmt.Sprintf("Hard disk %d", unit+1), Summary: "1,048,576 KB"}
	backing := &types.VirtualDiskRawDiskMappingVer1BackingInfo{
		LunUuid:           "02000000006006016041a02a00c2a4f0b1c1e2e011565241494420",
		DeviceName:        "vml.02000000006006016041a02a00c2a4f0b1c1e2e011565241494420",
		CompatibilityMode: string(types.VirtualDiskCompatibilityModePhysicalMode),
		DiskMode:          string(types.VirtualDiskModeIndependent_persistent),
		Uuid:              newDiskUUID(),
	}
	home := m.home()
	backing.FileName = fmt.Sprintf("%s/%s_rdm.vmdk", home.String(), m.Name)
	device.Backing = backing
	return device
}
