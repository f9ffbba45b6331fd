package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// Keys as vSphere gives them: 1000 and up for SCSI controllers by bus, 2000 and up for their disks by bus and unit, 4000 and up
// for network cards. Those in a request only say within it which device belongs to which controller.
const (
	scsiKey     = 1000
	diskKey     = 2000
	cardKey     = 4000
	unitsPerBus = 16
	ownUnit     = 7 // the controller's own place on its bus
)

// settleKeys gives the devices that a request adds the keys and units that they will have.
func settleKeys(present []types.BaseVirtualDevice, changes []types.BaseVirtualDeviceConfigSpec) *refusal {
	used := map[int32]bool{}
	buses := map[int32]int32{} // bus by the key of its controller
	for _, device := range present {
		used[device.GetVirtualDevice().Key] = true
		if controller, ok := device.(types.BaseVirtualSCSIController); ok {
			buses[device.GetVirtualDevice().Key] = controller.GetVirtualSCSIController().BusNumber
		}
	}
	renamed := map[int32]int32{}
	for _, device := range added(changes) {
		if controller, ok := device.(types.BaseVirtualSCSIController); ok {
			asked := device.GetVirtualDevice().Key
			renamed[asked] = settleController(controller.GetVirtualSCSIController(), used, buses)
		}
	}
	for i, device := range added(changes) {
		placed := device.GetVirtualDevice()
		if key, ok := renamed[placed.ControllerKey]; ok {
			placed.ControllerKey = key
		}
		switch device.(type) {
		case *types.VirtualDisk:
			bus, ok := buses[placed.ControllerKey]
			if !ok {
				continue
			}
			if !settleUnit(placed, bus, used) {
				return &refusal{&types.InvalidDeviceSpec{DeviceIndex: int32(i)}, fmt.Sprintf("Unit %d of SCSI bus %d cannot be used.", *placed.UnitNumber, bus)}
			}
		case types.BaseVirtualEthernetCard:
			for placed.Key = cardKey; used[placed.Key]; placed.Key++ {
			}
			used[placed.Key] = true
		}
	}
	return nil
}

// settleController finds a bus for a new controller, the one asked for if it is free. Returns the key.
func settleController(controller *types.VirtualSCSIController, used map[int32]bool, buses map[int32]int32) int32 {
	for bus := controller.BusNumber; ; bus = (bus + 1) % 4 {
		if key := scsiKey + bus; !used[key] {
			used[key] = true
			buses[key] = bus
			controller.Key, controller.BusNumber, controller.ControllerKey, controller.ScsiCtlrUnitNumber = key, bus, 100, ownUnit
			return key
		}
	}
}

// settleUnit finds a place on the bus for a new disk where none is asked for; false where it cannot have it.
func settleUnit(placed *types.VirtualDevice, bus int32, used map[int32]bool) bool {
	keyAt := func(unit int32) int32 { return diskKey + bus*unitsPerBus + unit }
	if placed.UnitNumber == nil || *placed.UnitNumber < 0 {
		placed.UnitNumber = types.NewInt32(0)
		for used[keyAt(*placed.UnitNumber)] || *placed.UnitNumber == ownUnit {
			*placed.UnitNumber++
		}
	}
	unit := *placed.UnitNumber
	if unit == ownUnit || unit >= unitsPerBus || used[keyAt(unit)] {
		return false
	}
	placed.Key = keyAt(unit)
	used[placed.Key] = true
	return true
}

// added is the devices that a request adds.
func added(changes []types.BaseVirtualDeviceConfigSpec) []types.BaseVirtualDevice {
	var devices []types.BaseVirtualDevice
	for _, change := range changes {
		if spec := change.GetVirtualDeviceConfigSpec(); spec.Operation == types.VirtualDeviceConfigSpecOperationAdd {
			devices = append(devices, spec.Device)
		}
	}
	return devices
}

// isSCSI says whether a key is that of a SCSI controller.
func isSCSI(key int32, lists ...[]types.BaseVirtualDevice) bool {
	for _, list := range lists {
		for _, device := range list {
			if _, ok := device.(types.BaseVirtualSCSIController); ok && device.GetVirtualDevice().Key == key {
				return true
			}
		}
	}
	return false
}
