package main

import (
	"sort"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// mostEvents is how many events are kept, and how many one answer holds at most.
const mostEvents = 1000

// eventManager reads the events that govmomi keeps. Govmomi's own reading knows no times, mixes up their order, and repeats old ones.
type eventManager struct {
	mo.EventManager // first, where govmomi looks for its properties

	original *simulator.EventManager
}

// mendFormats replaces a text of govmomi's that lacks a brace, without which no VM could be moved.
func mendFormats(original *simulator.EventManager) {
	for i := range original.Description.EventInfo {
		if info := &original.Description.EventInfo[i]; info.Key == "VmMigratedEvent" {
			info.FullFormat = "Migration of virtual machine {{.Vm.Name}} from {{.SourceHost.Name}}, {{.SourceDatastore.Name}} to {{.Host.Name}}, {{.Ds.Name}} completed"
		}
	}
}

// matching is the events that a filter lets pass, oldest first.
func (e *eventManager) matching(filter types.EventFilterSpec) []types.BaseEvent {
	filter.MaxCount = mostEvents
	var body soap.HasFault
	simulator.Map.WithLock(e.original, func() { body = e.original.QueryEvents(system(), &types.QueryEvents{Filter: filter}) })
	if body.Fault() != nil {
		return nil
	}
	var found []types.BaseEvent
	for _, each := range body.(*methods.QueryEventsBody).Res.Returnval {
		at := each.GetEvent().CreatedTime
		if span := filter.Time; span != nil && (span.BeginTime != nil && at.Before(*span.BeginTime) || span.EndTime != nil && at.After(*span.EndTime)) {
			continue
		}
		found = append(found, each)
	}
	sort.Slice(found, func(i, j int) bool { return keyOf(found[i]) < keyOf(found[j]) })
	return found
}

func keyOf(event types.BaseEvent) int32 {
	return event.GetEvent().Key
}

// newest is the last so many of a list.
func newest(events []types.BaseEvent, most int32) []types.BaseEvent {
	if most <= 0 || most > mostEvents {
		most = mostEvents
	}
	if len(events) > int(most) {
		return events[len(events)-int(most):]
	}
	return events
}

// QueryEvents returns the newest events that a filter lets pass.
func (e *eventManager) QueryEvents(req *types.QueryEvents) soap.HasFault {
	return &methods.QueryEventsBody{Res: &types.QueryEventsResponse{Returnval: newest(e.matching(req.Filter), req.Filter.MaxCount)}}
}

// CreateCollectorForEvents makes a view on the events, which goes with the session.
func (e *eventManager) CreateCollectorForEvents(ctx *simulator.Context, req *types.CreateCollectorForEvents) soap.HasFault {
	c := &eventCollector{events: e, filter: req.Filter}
	c.Filter = req.Filter
	c.Self.Type = "EventHistoryCollector"
	return &methods.CreateCollectorForEventsBody{Res: &types.CreateCollectorForEventsResponse{Returnval: ctx.Session.Put(c).Reference()}}
}

// eventCollector is a place among the events: behind the one with the key `at`.
type eventCollector struct {
	mo.EventHistoryCollector // first, where govmomi looks for its properties

	events *eventManager
	filter types.EventFilterSpec
	at     int32
}

// ReadNextEvents returns what follows, oldest first.
func (c *eventCollector) ReadNextEvents(req *types.ReadNextEvents) soap.HasFault {
	res := &types.ReadNextEventsResponse{}
	for _, each := range c.events.matching(c.filter) {
		if keyOf(each) > c.at && len(res.Returnval) < int(req.MaxCount) {
			res.Returnval = append(res.Returnval, each)
		}
	}
	if read := len(res.Returnval); read > 0 {
		c.at = keyOf(res.Returnval[read-1])
	}
	return &methods.ReadNextEventsBody{Res: res}
}

// ReadPreviousEvents returns what came before, newest first.
func (c *eventCollector) ReadPreviousEvents(req *types.ReadPreviousEvents) soap.HasFault {
	res := &types.ReadPreviousEventsResponse{}
	all := c.events.matching(c.filter)
	for i := len(all) - 1; i >= 0; i-- {
		if keyOf(all[i]) <= c.at && len(res.Returnval) < int(req.MaxCount) {
			res.Returnval = append(res.Returnval, all[i])
		}
	}
	if read := len(res.Returnval); read > 0 {
		c.at = keyOf(res.Returnval[read-1]) - 1
	}
	return &methods.ReadPreviousEventsBody{Res: res}
}

// RewindCollector goes before the oldest event, where a collector is when it is new.
func (c *eventCollector) RewindCollector(*types.RewindCollector) soap.HasFault {
	c.at = 0
	return &methods.RewindCollectorBody{Res: new(types.RewindCollectorResponse)}
}

// ResetCollector goes behind the newest event.
func (c *eventCollector) ResetCollector(*types.ResetCollector) soap.HasFault {
	if all := c.events.matching(c.filter); len(all) > 0 {
		c.at = keyOf(all[len(all)-1])
	}
	return &methods.ResetCollectorBody{Res: new(types.ResetCollectorResponse)}
}

// SetCollectorPageSize changes how much of the newest the property latestPage shows.
func (c *eventCollector) SetCollectorPageSize(req *types.SetCollectorPageSize) soap.HasFault {
	c.filter.MaxCount = req.MaxCount
	return &methods.SetCollectorPageSizeBody{Res: new(types.SetCollectorPageSizeResponse)}
}

// DestroyCollector ends the view.
func (c *eventCollector) DestroyCollector(ctx *simulator.Context, req *types.DestroyCollector) soap.HasFault {
	ctx.Session.Remove(req.This)
	return &methods.DestroyCollectorBody{Res: new(types.DestroyCollectorResponse)}
}

// Get is called by govmomi before it reads the properties.
func (c *eventCollector) Get() mo.Reference {
	shown := c.EventHistoryCollector
	shown.LatestPage = newest(c.events.matching(c.filter), c.filter.MaxCount)
	return &shown
}
