package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	// maxAreas is how many areas one answer holds at most, as on vSphere.
	maxAreas = 2000
	// leastLookedAt is how much of a disk one answer looks at, where half of the disk is not more. Asked for a stretch in which
	// nothing changed, the answer is empty and yet not the end.
	leastLookedAt = 16 << 20
)

// QueryChangedDiskAreas tells what was written between a change id and a snapshot, or a VM that is off; "*": what is allocated.
// It looks at a part of the disk; the caller goes on behind it.
func (m *machine) QueryChangedDiskAreas(_ *simulator.Context, req *types.QueryChangedDiskAreas) soap.HasFault {
	body := new(methods.QueryChangedDiskAreasBody)
	info, refused := m.changedAreas(req)
	if refused != nil {
		body.Fault_ = refused.soap()
		return body
	}
	body.Res = &types.QueryChangedDiskAreasResponse{Returnval: info}
	return body
}

func (m *machine) changedAreas(req *types.QueryChangedDiskAreas) (none types.DiskChangeInfo, refused *refusal) {
	frozen, refused := m.momentAsked(req)
	if refused != nil {
		return none, refused
	}
	d := frozen.disk
	if req.StartOffset < 0 || req.StartOffset >= d.sizeBytes {
		return none, &refusal{&types.InvalidArgument{InvalidProperty: "startOffset"}, "A specified parameter was not correct: startOffset"}
	}
	if req.ChangeId == "*" && frozen.written != nil {
		return lookAt(d.sizeBytes, req.StartOffset, func(area int64) bool { return d.allocated(area, frozen.delta) }), nil
	}
	since, known := d.momentOf(req.ChangeId)
	if _, still := d.momentOf(frozen.mark); frozen.written == nil || !known || !still {
		return none, &refusal{&types.FileFault{File: d.path}, "Error caused by file " + d.path}
	}
	return lookAt(d.sizeBytes, req.StartOffset, func(area int64) bool { return frozen.written[area] > since }), nil
}

// momentAsked is the disk as it was in the snapshot that was named, or as it is where the machine is off and none was.
func (m *machine) momentAsked(req *types.QueryChangedDiskAreas) (frozenDisk, *refusal) {
	attached, known := m.disks[req.DeviceKey]
	if !known {
		return frozenDisk{}, &refusal{&types.InvalidArgument{InvalidProperty: "deviceKey"}, "A specified parameter was not correct: deviceKey"}
	}
	if req.Snapshot == nil {
		if m.running.Load() {
			return frozenDisk{}, &refusal{&types.FileFault{File: attached.disk.path}, "The VM runs: name a snapshot."}
		}
		return frozenDisk{disk: attached.disk, mark: attached.disk.lastMark(), written: attached.disk.writtenNow()}, nil
	}
	taken, ok := simulator.Map.Get(*req.Snapshot).(*snapshot)
	if !ok || taken.machine != m {
		return frozenDisk{}, &refusal{&types.ManagedObjectNotFound{Obj: *req.Snapshot}, "The object has already been deleted or has not been completely created"}
	}
	frozen, had := taken.frozen[req.DeviceKey]
	if !had {
		return frozenDisk{}, &refusal{&types.InvalidArgument{InvalidProperty: "deviceKey"}, "The snapshot has no such disk."}
	}
	return frozen, nil
}

// lookAt gathers the areas of which something is true, from an offset on. Neighbours become one.
func lookAt(sizeBytes, start int64, isTrue func(area int64) bool) types.DiskChangeInfo {
	end := start + greater(leastLookedAt, sizeBytes/2)
	if end > sizeBytes {
		end = sizeBytes
	}
	info := types.DiskChangeInfo{StartOffset: start}
	at := start
	for at < end {
		next := lesser(at-at%areaBytes+areaBytes, sizeBytes)
		if isTrue(at / areaBytes) {
			last := len(info.ChangedArea) - 1
			if last >= 0 && info.ChangedArea[last].Start+info.ChangedArea[last].Length == at {
				info.ChangedArea[last].Length += next - at
			} else if len(info.ChangedArea) == maxAreas {
				break
			} else {
				info.ChangedArea = append(info.ChangedArea, types.DiskChangeExtent{Start: at, Length: next - at})
			}
		}
		at = next
	}
	info.Length = at - start
	return info
}

func lesser(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func greater(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}
