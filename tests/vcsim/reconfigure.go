package main

import (
	"fmt"
	"path"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ReconfigVMTask checks what govmomi would let pass, settles keys, lets govmomi do the rest, and looks at the disks again.
func (m *machine) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	refused := m.unsupported()
	if refused == nil {
		refused = m.vcenter.settle(m, m.Config.Hardware.Device, &req.Spec)
	}
	var filters map[int32][]string
	if refused == nil {
		filters, refused = m.filtersWanted(&req.Spec)
	}
	if refused != nil {
		return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: refusedTask(m, "reconfigVm", refused)}}
	}
	options := req.Spec.ExtraConfig
	req.Spec.ExtraConfig = nil // govmomi would add a key a second time
	m.giveUp(req.Spec.DeviceChange)
	body := m.VirtualMachine.ReconfigVMTask(ctx, req)
	_, refused = outcome(body.(*methods.ReconfigVM_TaskBody).Res.Returnval)
	if refused == nil && len(options) > 0 {
		m.setExtra(options...)
	}
	if len(req.Spec.DeviceChange) > 0 {
		if err := m.takeDisks(); err != nil {
			return &methods.ReconfigVM_TaskBody{Fault_: simulator.Fault(err.Error(), &types.GenericVmConfigFault{Reason: err.Error()})}
		}
	}
	if refused == nil {
		m.showFilters(filters)
	}
	m.showConfig()
	return body
}

// giveUp lets go of the disks that a request deletes, which their deletion would else be refused for.
func (m *machine) giveUp(changes []types.BaseVirtualDeviceConfigSpec) {
	for _, change := range changes {
		each := change.GetVirtualDeviceConfigSpec()
		if attached, ok := m.disks[each.Device.GetVirtualDevice().Key]; ok && each.Operation == types.VirtualDeviceConfigSpecOperationRemove && each.FileOperation != "" {
			m.vcenter.library.disconnect(m, attached.disk)
		}
	}
}

// RenameTask gives the machine its new name wherever it is shown.
func (m *machine) RenameTask(req *types.Rename_Task) soap.HasFault {
	body := m.VirtualMachine.RenameTask(req)
	if _, refused := outcome(body.(*methods.Rename_TaskBody).Res.Returnval); refused == nil {
		m.Config.Name, m.Summary.Config.Name = req.NewName, req.NewName
		m.showConfig()
	}
	return body
}

// showConfig tells those who watch what govmomi has changed without saying so.
func (m *machine) showConfig() {
	m.set(
		types.PropertyChange{Name: "name", Val: m.Name},
		types.PropertyChange{Name: "config.name", Val: m.Config.Name},
		types.PropertyChange{Name: "summary.config.name", Val: m.Summary.Config.Name},
		types.PropertyChange{Name: "config.annotation", Val: m.Config.Annotation},
		types.PropertyChange{Name: "config.hardware.numCPU", Val: m.Config.Hardware.NumCPU},
		types.PropertyChange{Name: "config.hardware.memoryMB", Val: m.Config.Hardware.MemoryMB},
	)
	if tracked := m.Config.ChangeTrackingEnabled; tracked != nil {
		m.set(types.PropertyChange{Name: "config.changeTrackingEnabled", Val: *tracked})
	}
}

// settle checks the devices that a request adds or removes, and completes it as a vCenter does. `m` is nil for a VM to be created.
func (v *vcenter) settle(m *machine, present []types.BaseVirtualDevice, spec *types.VirtualMachineConfigSpec) *refusal {
	if refused := settleKeys(present, spec.DeviceChange); refused != nil {
		return refused
	}
	disks := 0
	for _, device := range present {
		if _, ok := device.(*types.VirtualDisk); ok {
			disks++
		}
	}
	for i, change := range spec.DeviceChange {
		each := change.GetVirtualDeviceConfigSpec()
		virtual, backing := flatDisk(each.Device)
		var refused *refusal
		switch {
		case each.Operation == types.VirtualDeviceConfigSpecOperationRemove && each.FileOperation != "" && backing != nil:
			refused = v.mayDelete(m, backing.FileName)
		case each.Operation == types.VirtualDeviceConfigSpecOperationEdit:
			keepDescription(present, each.Device)
		case each.Operation == types.VirtualDeviceConfigSpecOperationAdd && virtual != nil:
			disks++
			virtual.DeviceInfo = &types.Description{Label: fmt.Sprintf("Hard disk %d", disks)}
			virtual.Iofilter = nil // read only: a storage policy sets it
			if backing != nil && each.FileOperation == "" {
				refused = v.attach(m, int32(i), isSCSI(virtual.ControllerKey, present, added(spec.DeviceChange)), virtual, backing)
			}
		case each.Operation == types.VirtualDeviceConfigSpecOperationAdd:
			refused = v.mayConnect(int32(i), each.Device)
		}
		if refused != nil {
			return refused
		}
	}
	return nil
}

// attach lets a disk that exists be connected to a machine, with the size and identity that it has.
func (v *vcenter) attach(m *machine, index int32, onSCSI bool, virtual *types.VirtualDisk, backing *types.VirtualDiskFlatVer2BackingInfo) *refusal {
	found := v.library.find(backing.FileName)
	if found == nil {
		return &refusal{&types.FileNotFound{FileFault: types.FileFault{File: backing.FileName}}, "File " + backing.FileName + " was not found"}
	}
	if m != nil {
		for _, attached := range m.disks {
			if attached.disk == found {
				return &refusal{&types.InvalidDeviceSpec{DeviceIndex: index}, backing.FileName + " is connected to this VM already."}
			}
		}
		if refused := v.mayHotAdd(m, index, onSCSI, backing.FileName, found); refused != nil {
			return refused
		}
	}
	virtual.CapacityInBytes, virtual.CapacityInKB = found.sizeBytes, found.sizeBytes/1024
	backing.Uuid = found.uuid
	return nil
}

// mayConnect refuses a network card on a network that does not exist, of which govmomi makes no fault.
func (v *vcenter) mayConnect(index int32, device types.BaseVirtualDevice) *refusal {
	backing, ok := device.GetVirtualDevice().Backing.(*types.VirtualEthernetCardNetworkBackingInfo)
	if !ok {
		return nil
	}
	if simulator.Map.FindByName(backing.DeviceName, networks()) == nil {
		return &refusal{&types.InvalidDeviceSpec{DeviceIndex: index}, "There is no network " + backing.DeviceName + "."}
	}
	return nil
}

func networks() []types.ManagedObjectReference {
	return simulator.Map.Any("Datacenter").(*simulator.Datacenter).Network
}

// keepDescription completes an edit that does not say how the device is called, which govmomi takes for granted.
func keepDescription(present []types.BaseVirtualDevice, edited types.BaseVirtualDevice) {
	if edited.GetVirtualDevice().DeviceInfo == nil {
		edited.GetVirtualDevice().DeviceInfo = &types.Description{}
	}
	for _, device := range present {
		if device.GetVirtualDevice().Key != edited.GetVirtualDevice().Key {
			continue
		}
		if before, ok := device.(*types.VirtualDisk); ok {
			if after, ok := edited.(*types.VirtualDisk); ok {
				after.Iofilter = before.Iofilter
			}
		}
	}
}

// vmxPath completes "[ds] folder" to the path of a configuration file in it.
func vmxPath(given, name string) string {
	var split object.DatastorePath
	if !split.FromString(given) || split.Path == "" || path.Ext(split.Path) == ".vmx" {
		return given
	}
	split.Path = path.Join(split.Path, name+".vmx")
	return split.String()
}
