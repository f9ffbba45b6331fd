package main

import (
	"os"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// RemoveSnapshotTask takes a snapshot off the list and then consolidates: what was written since goes back to what lies below.
func (s *snapshot) RemoveSnapshotTask(_ *simulator.Context, req *types.RemoveSnapshot_Task) soap.HasFault {
	return &methods.RemoveSnapshot_TaskBody{Res: &types.RemoveSnapshot_TaskResponse{
		Returnval: startTask(s, "removeSnapshot", func() (types.AnyType, *refusal) {
			return nil, s.machine.removeSnapshots(func() []*snapshot {
				if req.RemoveChildren {
					return s.machine.snapshotsIn(treeAt(s.machine.snapshotRoots(), s.Self))
				}
				return []*snapshot{s}
			}, req.Consolidate == nil || *req.Consolidate)
		}),
	}}
}

// RemoveAllSnapshotsTask does the same for all of a machine.
func (m *machine) RemoveAllSnapshotsTask(_ *simulator.Context, req *types.RemoveAllSnapshots_Task) soap.HasFault {
	return &methods.RemoveAllSnapshots_TaskBody{Res: &types.RemoveAllSnapshots_TaskResponse{
		Returnval: startTask(m, "removeAllSnapshots", func() (types.AnyType, *refusal) {
			return nil, m.removeSnapshots(func() []*snapshot { return m.snapshotsIn(m.snapshotRoots()) }, req.Consolidate == nil || *req.Consolidate)
		}),
	}}
}

// ConsolidateVMDisksTask merges the deltas that a removal left over.
func (m *machine) ConsolidateVMDisksTask(*simulator.Context, *types.ConsolidateVMDisks_Task) soap.HasFault {
	return &methods.ConsolidateVMDisks_TaskBody{Res: &types.ConsolidateVMDisks_TaskResponse{
		Returnval: startTask(m, "consolidateVMDisks", func() (types.AnyType, *refusal) {
			return nil, m.removeSnapshots(func() []*snapshot { return nil }, true)
		}),
	}}
}

func (m *machine) removeSnapshots(choose func() []*snapshot, consolidate bool) (refused *refusal) {
	m.locked(func() {
		if refused = m.whileBusy(); refused != nil {
			return
		}
		if refused = m.heldElsewhere(); refused != nil {
			return
		}
		m.busy = true
		for _, gone := range choose() {
			m.takeOffList(gone)
		}
	})
	if refused != nil {
		return refused
	}
	if consolidate {
		time.Sleep(time.Duration(m.vcenter.removalMs.Load()) * time.Millisecond)
	}
	m.locked(func() {
		m.busy = false
		if consolidate {
			refused = m.consolidate()
		}
		m.followTracking()
		m.showDisks()
	})
	return refused
}

// takeOffList removes a snapshot from the machine's list. Its deltas are left over until they are consolidated.
func (m *machine) takeOffList(gone *snapshot) {
	roots := m.snapshotRoots()
	current := m.currentSnapshot()
	if current != nil && *current == gone.Self {
		current = parentOf(roots, gone.Self)
	}
	m.showSnapshots(without(roots, gone.Self, false), current)
	for _, frozen := range gone.frozen {
		frozen.delta.leftOver = true
	}
	_ = os.Remove(fileOf(gone.dataFile))
	simulator.Map.Remove(gone.Self)
}

func (m *machine) consolidate() *refusal {
	for _, attached := range m.disks {
		if !attached.top {
			continue
		}
		for _, each := range attached.disk.chain() {
			if !each.leftOver {
				continue
			}
			if err := attached.disk.merge(each); err != nil {
				return &refusal{&types.FileFault{File: each.path}, err.Error()}
			}
			_ = os.Remove(fileOf(each.path))
		}
	}
	return nil
}

// whileBusy refuses what cannot be done while a snapshot is being removed.
func (m *machine) whileBusy() *refusal {
	if !m.busy {
		return nil
	}
	return &refusal{&types.TaskInProgress{Task: m.Self}, "Another task is already in progress."}
}
