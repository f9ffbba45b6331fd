package main

import (
	"fmt"
	"path"
	"sort"
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
		disks[virtual.Key] = attachment{known, known.top() == cleanPath(backing.FileName) || had && before.disk == known && before.top}
	}
	m.disks = disks
	m.vcenter.library.connect(m, disks)
	m.showDisks()
	m.vcenter.hotAdd.follow(m)
	return nil
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
