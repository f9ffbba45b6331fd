package main

import (
	"fmt"
	"math/rand"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const firstDatastore = "LocalDS_0"

// build makes the VMs of a scenario, in the way that a client would, and then what no client could do to them.
func (v *vcenter) build(wanted scenario) error {
	if wanted.AgentVM != "" {
		agent := wantedVM{Name: wanted.AgentVM, Power: "on", Tools: true}
		if err := v.buildVM(agent, optionOf("disk.EnableUUID", "TRUE")); err != nil {
			return err
		}
	}
	for _, vm := range wanted.VMs {
		if err := v.buildVM(vm); err != nil {
			return fmt.Errorf("%s: %w", vm.Name, err)
		}
	}
	return nil
}

func (v *vcenter) buildVM(wanted wantedVM, options ...types.BaseOptionValue) error {
	spec, err := wanted.spec()
	if err != nil {
		return err
	}
	spec.ExtraConfig = append(spec.ExtraConfig, options...)
	pool := simulator.Map.Any("ClusterComputeResource").(*simulator.ClusterComputeResource).ResourcePool
	created := v.folder.CreateVMTask(system(), &types.CreateVM_Task{This: v.folder.Self, Config: spec, Pool: *pool}).(*methods.CreateVM_TaskBody)
	if created.Fault_ != nil {
		return fmt.Errorf("%s", created.Fault_.String)
	}
	ref, refused := outcome(created.Res.Returnval)
	if refused != nil {
		return fmt.Errorf("%s (%T)", refused.message, refused.fault)
	}
	m := simulator.Map.Get(ref.(types.ManagedObjectReference)).(*machine)
	for number, key := range m.diskKeys() {
		if err := fill(m.disks[key].disk, number, wanted); err != nil {
			return err
		}
	}
	m.locked(func() {
		m.block(wanted)
		m.showFiles()
		if wanted.Power == "on" {
			m.PowerOnVMTask(system(), &types.PowerOnVM_Task{This: m.Self})
		}
		if wanted.Snapshot {
			m.takeSnapshot(&types.CreateSnapshot_Task{Name: "before the upgrade"})
		}
	})
	return nil
}

// spec is the specification that creates the VM.
func (w wantedVM) spec() (types.VirtualMachineConfigSpec, error) {
	spec := types.VirtualMachineConfigSpec{
		Name:                  w.Name,
		NumCPUs:               int32(greater(int64(w.CPUs), 1)),
		MemoryMB:              greater(w.MemoryMiB, 64),
		GuestId:               w.GuestID,
		Firmware:              w.Firmware,
		Version:               w.HardwareVersion,
		Files:                 &types.VirtualMachineFileInfo{VmPathName: fmt.Sprintf("[%s] %s", firstDatastore, w.Name)},
		ChangeTrackingEnabled: types.NewBool(w.ChangeTracking),
	}
	if spec.GuestId == "" {
		spec.GuestId = string(types.VirtualMachineGuestOsIdentifierDebian11_64Guest)
	}
	if w.Tools {
		spec.ExtraConfig = append(spec.ExtraConfig, optionOf(toolsKey, "true"))
	}
	if w.Guest != nil {
		spec.ExtraConfig = append(spec.ExtraConfig, optionOf(guestKey, guestRates{w.Guest.RecordsPerSecond, w.Guest.RewriteKiBPerSecond}.String()))
	}
	add := func(device types.BaseVirtualDevice, operation types.VirtualDeviceConfigSpecFileOperation) {
		spec.DeviceChange = append(spec.DeviceChange, &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, FileOperation: operation, Device: device})
	}
	for bus := int32(0); bus < w.buses(); bus++ {
		add(w.controller(bus), "")
	}
	for number := range w.Disks {
		add(w.disk(number), types.VirtualDeviceConfigSpecFileOperationCreate)
	}
	card, err := w.card()
	if err != nil {
		return spec, err
	}
	add(card, "")
	return spec, nil
}

// buses is one, or where there are no disks yet as many as a VM can have, for those that will be connected.
func (w wantedVM) buses() int32 {
	if len(w.Disks) == 0 {
		return 4
	}
	return 1
}

func (w wantedVM) controller(bus int32) types.BaseVirtualDevice {
	controller := &types.ParaVirtualSCSIController{}
	controller.Key, controller.BusNumber, controller.SharedBus = scsiKey+bus, bus, types.VirtualSCSISharingNoSharing
	if w.SharedBus {
		controller.SharedBus = types.VirtualSCSISharingPhysicalSharing
	}
	return controller
}

func (w wantedVM) disk(number int) types.BaseVirtualDevice {
	name := w.Name
	if number > 0 {
		name = fmt.Sprintf("%s_%d", w.Name, number)
	}
	backing := &types.VirtualDiskFlatVer2BackingInfo{DiskMode: string(types.VirtualDiskModePersistent), ThinProvisioned: types.NewBool(true)}
	backing.FileName = fmt.Sprintf("[%s] %s/%s.vmdk", firstDatastore, w.Name, name)
	if w.IndependentDisk && number == 0 {
		backing.DiskMode = string(types.VirtualDiskModeIndependent_persistent)
	}
	if w.MultiWriter && number == 0 {
		backing.Sharing = string(types.VirtualDiskSharingSharingMultiWriter)
	}
	unit := int32(number)
	if unit >= ownUnit {
		unit++
	}
	device := &types.VirtualDisk{CapacityInKB: w.Disks[number].SizeMiB * 1024, CapacityInBytes: w.Disks[number].SizeMiB << 20}
	device.ControllerKey, device.UnitNumber, device.Backing = scsiKey, &unit, backing
	return device
}

func (w wantedVM) card() (types.BaseVirtualDevice, error) {
	name := w.Network
	if name == "" {
		name = "VM Network"
	}
	network := simulator.Map.FindByName(name, networks())
	card := &types.VirtualVmxnet3{}
	card.AddressType = string(types.VirtualEthernetCardMacTypeAssigned)
	random := rand.New(rand.NewSource(seed(w.Name)))
	card.MacAddress = fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80+random.Intn(0x40), random.Intn(256), random.Intn(256))
	switch network := network.(type) {
	case *simulator.DistributedVirtualPortgroup:
		uuid := simulator.Map.Get(*network.Config.DistributedVirtualSwitch).(*simulator.DistributedVirtualSwitch).Uuid
		card.Backing = &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{Port: types.DistributedVirtualSwitchPortConnection{PortgroupKey: network.Key, SwitchUuid: uuid}}
	case *mo.Network:
		backing := &types.VirtualEthernetCardNetworkBackingInfo{}
		backing.DeviceName = name
		card.Backing = backing
	default:
		return nil, fmt.Errorf("there is no network %q", name)
	}
	return card, nil
}

// fill writes what the disk holds before the VM starts for the first time: random bytes, always the same, and for a guest its header
// and an empty ledger.
func fill(d *disk, number int, wanted wantedVM) error {
	filled := wanted.Disks[number].FilledMiB << 20
	random := rand.New(rand.NewSource(seed(fmt.Sprint(wanted.Name, number))))
	piece := make([]byte, hashBytes)
	for offset := int64(0); offset < filled; offset += int64(len(piece)) {
		random.Read(piece)
		if err := d.write(piece, offset, false); err != nil {
			return err
		}
	}
	if wanted.Guest == nil {
		return nil
	}
	if number == 0 {
		if err := d.write(make([]byte, ledgerEnd), 0, false); err != nil {
			return err
		}
	}
	return d.write(header{filled, number == 0}.encode(), 0, false)
}

func seed(text string) int64 {
	number := int64(0)
	for _, each := range text {
		number = number*31 + int64(each)
	}
	return number
}
