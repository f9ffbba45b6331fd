package main

import (
	"sync/atomic"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// vcenter is the simulated vCenter: govmomi's model of one, and what we know beyond it.
type vcenter struct {
	model     *simulator.Model
	folder    *vmFolder // where VMs are created
	library   *library
	filters   *ioFilters
	hotAdd    hotAdd
	removalMs atomic.Int64 // how long the removal of a snapshot takes
}

// newVcenter makes a datacenter with a cluster of three hosts, high availability, one datastore and some VMs of govmomi's own.
func newVcenter(vms int, hotAdd hotAdd) (*vcenter, error) {
	v := &vcenter{model: simulator.VPX(), library: newLibrary(), hotAdd: hotAdd}
	v.model.Host = 0
	v.model.Machine = vms
	if err := v.model.Create(); err != nil {
		return nil, err
	}
	findDatastores()
	v.adoptDiskManager()
	v.adoptBrowsers()
	v.adoptIoFilters()
	adoptExtensions()
	adoptPerformance()
	v.adoptManagers()
	cluster := simulator.Map.Any("ClusterComputeResource").(*simulator.ClusterComputeResource)
	cluster.ConfigurationEx.(*types.ClusterConfigInfoEx).DasConfig.Enabled = types.NewBool(true)
	datacenter := simulator.Map.Any("Datacenter").(*simulator.Datacenter)
	v.folder = v.adoptFolder(simulator.Map.Get(datacenter.VmFolder).(*simulator.Folder))
	for _, vm := range simulator.Map.All("VirtualMachine") {
		if _, err := v.adopt(vm.(*simulator.VirtualMachine)); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// close ends every guest and removes the datastores, which are folders among the temporary files.
func (v *vcenter) close() {
	for _, m := range v.machines() {
		m.locked(m.stopGuest)
	}
	v.model.Remove()
}
