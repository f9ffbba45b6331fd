package main

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// policyPrefix begins the id of a storage policy that attaches an IO filter: "iofilter:" and the filter's id.
const policyPrefix = "iofilter:"

// filtersWanted is what a request's storage policies attach to the machine's disks, by device key. An empty list detaches.
func (m *machine) filtersWanted(spec *types.VirtualMachineConfigSpec) (map[int32][]string, *refusal) {
	wanted := map[int32][]string{}
	note := func(key int32, profiles []types.BaseVirtualMachineProfileSpec) *refusal {
		for _, profile := range profiles {
			filters, refused := m.filtersIn(profile)
			if refused != nil {
				return refused
			}
			wanted[key] = filters
		}
		return nil
	}
	for _, key := range m.diskKeys() {
		if refused := note(key, spec.VmProfile); refused != nil {
			return nil, refused
		}
	}
	for _, change := range spec.DeviceChange {
		each := change.GetVirtualDeviceConfigSpec()
		if refused := note(each.Device.GetVirtualDevice().Key, each.Profile); refused != nil {
			return nil, refused
		}
	}
	if len(wanted) > 0 && len(m.snapshotRoots()) > 0 {
		return nil, &refusal{&types.InvalidState{}, "The storage policy cannot be changed while the VM has snapshots."}
	}
	return wanted, nil
}

// filtersIn is the filter that a policy names, which has to be installed.
func (m *machine) filtersIn(profile types.BaseVirtualMachineProfileSpec) ([]string, *refusal) {
	defined, ok := profile.(*types.VirtualMachineDefinedProfileSpec)
	if !ok {
		return nil, nil
	}
	id := strings.TrimPrefix(defined.ProfileId, policyPrefix)
	if id == defined.ProfileId {
		return nil, nil
	}
	if !m.hostHas(id) {
		return nil, &refusal{&types.InvalidArgument{InvalidProperty: "profile"}, "The VM's host does not have the filter " + id + "."}
	}
	return []string{id}, nil
}

func (m *machine) hostHas(id string) bool {
	host := simulator.Map.Get(*m.Runtime.Host).(*simulator.HostSystem)
	found := false
	simulator.Map.WithLock(host, func() {
		for _, each := range host.Config.IoFilterInfo {
			found = found || each.Id == id
		}
	})
	return found
}

// showFilters writes into the devices which filters they have now.
func (m *machine) showFilters(wanted map[int32][]string) {
	if len(wanted) == 0 {
		return
	}
	devices := append([]types.BaseVirtualDevice(nil), m.Config.Hardware.Device...)
	for i, device := range devices {
		virtual, ok := device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		if filters, ok := wanted[virtual.Key]; ok {
			changed := *virtual
			changed.Iofilter = filters
			devices[i] = &changed
		}
	}
	m.set(types.PropertyChange{Name: "config.hardware.device", Val: devices})
}

// renameFilter follows an upgrade.
func (m *machine) renameFilter(before, after string) {
	wanted := map[int32][]string{}
	for _, device := range m.Config.Hardware.Device {
		if virtual, ok := device.(*types.VirtualDisk); ok && len(virtual.Iofilter) > 0 && virtual.Iofilter[0] == before {
			wanted[virtual.Key] = []string{after}
		}
	}
	m.showFilters(wanted)
}
