package main

import (
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// machine is a VM whose disks, snapshots, guest and locks behave as on vSphere. Govmomi's VM, which it stands for, does the rest.
type machine struct {
	simulator.VirtualMachine // first, where govmomi looks for a VM's properties

	vcenter *vcenter
	disks   map[int32]attachment // by device key
	writing sync.Mutex           // held for each write of the guest, and while all disks are cut over at once
	guest   *guest
	running atomic.Bool
	busy    bool // a snapshot is being removed
	counted int32
}

// attachment is a disk of a machine: the top of its chain, or the flat file below another machine's snapshot.
type attachment struct {
	disk *disk
	top  bool
}

// adopt makes a machine of a VM that govmomi has created.
func (v *vcenter) adopt(vm *simulator.VirtualMachine) (*machine, error) {
	m := &machine{VirtualMachine: *vm, vcenter: v, disks: map[int32]attachment{}}
	m.Summary.Vm = &m.Self
	m.running.Store(m.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn)
	simulator.Map.Put(m)
	var err error
	m.locked(func() { err = m.takeDisks() })
	return m, err
}

// machines is every VM there is, by name.
func (v *vcenter) machines() []*machine {
	var all []*machine
	for _, each := range simulator.Map.All("VirtualMachine") {
		if m, ok := each.(*machine); ok {
			all = append(all, m)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

func (v *vcenter) machineNamed(name string) (*machine, error) {
	for _, m := range v.machines() {
		if m.Name == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("there is no VM named %q", name)
}

func (m *machine) locked(work func()) {
	simulator.Map.WithLock(m, work)
}

// set changes properties, of which whoever watches them hears. The machine is locked.
func (m *machine) set(changes ...types.PropertyChange) {
	simulator.Map.Update(m, changes)
}

// takeDisks looks up the disks of a machine that was created or reconfigured.
func (m *machine) takeDisks() error {
	disks := map[int32]attachment{}
	for _, device := range m.Config.Hardware.Device {
		virtual, backing := flatDisk(device)
		if backing == nil {
			continue
		}
		known, err := m.vcenter.library.adopt(backing.FileName, capacityOf(virtual))
		if err != nil {
			return err
		}
		before, had := m.disks[virtual.Key]
		disks[virtual.Key] = attachment{known, known.top() == backing.FileName || had && before.disk == known && before.top}
	}
	m.disks = disks
	m.vcenter.library.connect(m, disks)
	m.showDisks()
	m.vcenter.hotAdd.follow(m)
	return nil
}

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

// diskKeys is the keys of the machine's disks in their order.
func (m *machine) diskKeys() []int32 {
	var keys []int32
	for key := range m.disks {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys
}

// diskNumbered is one of the disks in the order of their keys.
func (m *machine) diskNumbered(number int) (*disk, error) {
	keys := m.diskKeys()
	if number < 0 || number >= len(keys) {
		return nil, fmt.Errorf("%s has no disk %d", m.Name, number)
	}
	return m.disks[keys[number]].disk, nil
}

// freeName is the first path such as "[ds] web-1/web-1-000001.vmdk" that no file has.
func freeName(descriptor string) string {
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s-%06d.vmdk", strings.TrimSuffix(descriptor, ".vmdk"), n)
		if !exists(fileOf(name)) {
			return name
		}
	}
}

// home is the folder with the machine's files, as a datastore path.
func (m *machine) home() object.DatastorePath {
	var vmx object.DatastorePath
	vmx.FromString(m.Config.Files.VmPathName)
	vmx.Path = path.Dir(vmx.Path)
	return vmx
}

// extra reads a key of the machine's extra configuration; "" where it is not set.
func (m *machine) extra(key string) string {
	for _, each := range m.Config.ExtraConfig {
		if option := each.GetOptionValue(); option.Key == key {
			text, _ := option.Value.(string)
			return text
		}
	}
	return ""
}

// setExtra merges options into the extra configuration: a known key gets the new value, an empty value removes it.
func (m *machine) setExtra(options ...types.BaseOptionValue) {
	merged := append([]types.BaseOptionValue(nil), m.Config.ExtraConfig...)
	for _, each := range options {
		option := each.GetOptionValue()
		kept := merged[:0:0]
		for _, other := range merged {
			if other.GetOptionValue().Key != option.Key {
				kept = append(kept, other)
			}
		}
		if option.Value != "" {
			kept = append(kept, each)
		}
		merged = kept
	}
	m.set(types.PropertyChange{Name: "config.extraConfig", Val: merged})
}

func optionOf(key, value string) types.BaseOptionValue {
	return &types.OptionValue{Key: key, Value: value}
}

// numberIn reads a decimal number in the extra configuration.
func (m *machine) numberIn(key string) (int64, bool) {
	number, err := strconv.ParseInt(m.extra(key), 10, 64)
	return number, err == nil
}
