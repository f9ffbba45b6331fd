package main

import (
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// snapshot is a moment of a machine.
type snapshot struct {
	mo.VirtualMachineSnapshot // first, where govmomi looks for its properties

	machine  *machine
	frozen   map[int32]frozenDisk // by device key
	dataFile string
}

// frozenDisk is a disk as it was when the snapshot was taken: all that lies below the delta that began then.
type frozenDisk struct {
	disk    *disk
	delta   *delta
	mark    string  // its change id; "" where nothing was tracked
	written []int32 // what changed block tracking knew
}

func (f frozenDisk) below() []*delta {
	chain := f.disk.chain()
	for i, each := range chain {
		if each == f.delta {
			return chain[:i]
		}
	}
	return chain
}

func (s *snapshot) diskKeys() []int32 {
	var keys []int32
	for key := range s.frozen {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys
}

// CreateSnapshotTask freezes all disks of the machine at one moment between two writes of its guest.
func (m *machine) CreateSnapshotTask(_ *simulator.Context, req *types.CreateSnapshot_Task) soap.HasFault {
	return &methods.CreateSnapshot_TaskBody{Res: &types.CreateSnapshot_TaskResponse{
		Returnval: startTask(m, "createSnapshot", func() (result types.AnyType, refused *refusal) {
			m.locked(func() { result, refused = m.takeSnapshot(req) })
			return result, refused
		}),
	}}
}

func (m *machine) takeSnapshot(req *types.CreateSnapshot_Task) (types.AnyType, *refusal) {
	if refused := m.whileBusy(); refused != nil {
		return nil, refused
	}
	if refused := m.heldElsewhere(); refused != nil {
		return nil, refused
	}
	m.counted++
	taken := &snapshot{machine: m, frozen: map[int32]frozenDisk{}}
	taken.Self.Type = "VirtualMachineSnapshot"
	taken.Vm = m.Self
	marks := m.cutOver(taken)
	taken.Config = *m.Config
	taken.Config.Hardware.Device = m.devicesBelow(taken, marks)
	home := m.home()
	taken.dataFile = fmt.Sprintf("%s/%s-Snapshot%d.vmsn", home.String(), m.Name, m.counted)
	_ = os.WriteFile(fileOf(taken.dataFile), nil, 0o600)
	simulator.Map.Put(taken)

	m.showSnapshots(grown(m.snapshotRoots(), m.currentSnapshot(), types.VirtualMachineSnapshotTree{
		Snapshot:        taken.Self,
		Vm:              m.Self,
		Name:            req.Name,
		Description:     req.Description,
		Id:              m.counted,
		CreateTime:      time.Now(),
		State:           m.Runtime.PowerState,
		Quiesced:        req.Quiesce && m.toolsRun(),
		ReplaySupported: types.NewBool(false),
	}), &taken.Self)
	m.showDisks()
	return taken.Self, nil
}

// cutOver freezes the disks while nothing is written, and returns their change ids.
func (m *machine) cutOver(taken *snapshot) map[int32]string {
	m.writing.Lock()
	defer m.writing.Unlock()
	m.followTracking()
	marks := map[int32]string{}
	for _, key := range m.diskKeys() {
		d := m.disks[key].disk
		if !m.disks[key].top {
			continue
		}
		mark, written := d.mark()
		path := freeName(d.path)
		_ = os.WriteFile(fileOf(path), deltaDescriptor(d), 0o600)
		marks[key] = mark
		taken.frozen[key] = frozenDisk{d, d.freeze(path), mark, written}
	}
	return marks
}

// devicesBelow is the machine's devices with the disks as they stand still below a snapshot.
func (m *machine) devicesBelow(taken *snapshot, marks map[int32]string) []types.BaseVirtualDevice {
	var devices []types.BaseVirtualDevice
	for _, device := range m.Config.Hardware.Device {
		virtual, backing := flatDisk(device)
		if frozen, ok := taken.frozen[device.GetVirtualDevice().Key]; ok && backing != nil {
			device = withBacking(virtual, backingOf(backing, frozen.disk, frozen.below(), marks[virtual.Key]))
		}
		devices = append(devices, device)
	}
	return devices
}

// followTracking lets changed block tracking take effect as it is configured. On vSphere that takes a moment in which the VM stands
// still: power on, or a snapshot.
func (m *machine) followTracking() {
	wanted := m.Config.ChangeTrackingEnabled
	for _, attached := range m.disks {
		if attached.top {
			attached.disk.track(wanted != nil && *wanted)
		}
	}
}

func (m *machine) snapshotRoots() []types.VirtualMachineSnapshotTree {
	if m.Snapshot == nil {
		return nil
	}
	return m.Snapshot.RootSnapshotList
}

func (m *machine) currentSnapshot() *types.ManagedObjectReference {
	if m.Snapshot == nil {
		return nil
	}
	return m.Snapshot.CurrentSnapshot
}

// snapshotsIn is every snapshot of a tree, parents before their children.
func (m *machine) snapshotsIn(trees []types.VirtualMachineSnapshotTree) []*snapshot {
	var all []*snapshot
	for _, tree := range trees {
		if found, ok := simulator.Map.Get(tree.Snapshot).(*snapshot); ok {
			all = append(all, found)
		}
		all = append(all, m.snapshotsIn(tree.ChildSnapshotList)...)
	}
	return all
}

func (m *machine) showSnapshots(roots []types.VirtualMachineSnapshotTree, current *types.ManagedObjectReference) {
	var info types.AnyType
	var refs []types.ManagedObjectReference
	if len(roots) > 0 {
		info = types.VirtualMachineSnapshotInfo{CurrentSnapshot: current, RootSnapshotList: roots}
		for _, root := range roots {
			refs = append(refs, root.Snapshot)
		}
	}
	m.set(types.PropertyChange{Name: "snapshot", Val: info}, types.PropertyChange{Name: "rootSnapshot", Val: refs})
}

// deltaDescriptor is the little file that names what a delta lies upon. What was written since is kept in memory.
func deltaDescriptor(d *disk) []byte {
	return []byte(fmt.Sprintf("# Disk DescriptorFile\nversion=1\ncreateType=\"vmfsSparse\"\nparentFileNameHint=\"%s\"\n", d.top()))
}
