package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// migrate moves a machine to another host while it runs, and tells of it in an event. Without a name any other host will do.
func (m *machine) migrate(name string) error {
	from := simulator.Map.Get(*m.Runtime.Host).(*simulator.HostSystem)
	to, err := anotherHost(from, name)
	if err != nil {
		return err
	}
	simulator.Map.RemoveReference(from, &from.Vm, m.Self)
	simulator.Map.AppendReference(to, &to.Vm, m.Self)
	host := to.Self
	m.set(types.PropertyChange{Name: "runtime.host", Val: host}, types.PropertyChange{Name: "summary.runtime.host", Val: host})
	store := m.datastoreArgument()
	moved := &types.VmMigratedEvent{SourceHost: hostArgument(from), SourceDatastore: store}
	target := hostArgument(to)
	moved.Vm = &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: m.Name}, Vm: m.Self}
	moved.Host, moved.Ds = &target, store
	events := simulator.Map.EventManager()
	simulator.Map.WithLock(events, func() { events.PostEvent(system(), &types.PostEvent{EventToPost: moved}) })
	return nil
}

func anotherHost(from *simulator.HostSystem, name string) (*simulator.HostSystem, error) {
	for _, each := range simulator.Map.All("HostSystem") {
		if host := each.(*simulator.HostSystem); host.Self != from.Self && (name == "" || host.Name == name) {
			return host, nil
		}
	}
	return nil, fmt.Errorf("there is no other host %q", name)
}

func hostArgument(host *simulator.HostSystem) types.HostEventArgument {
	return types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: host.Name}, Host: host.Self}
}

func (m *machine) datastoreArgument() *types.DatastoreEventArgument {
	store := simulator.Map.Get(m.Datastore[0]).(*simulator.Datastore)
	return &types.DatastoreEventArgument{EntityEventArgument: types.EntityEventArgument{Name: store.Name}, Datastore: store.Self}
}
