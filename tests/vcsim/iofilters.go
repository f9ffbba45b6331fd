package main

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const filterVendor = "VENDOR"

// ioFilters installs IO filters on clusters. Nothing is fetched: what a filter is called is in the address of its package.
type ioFilters struct {
	mo.IoFilterManager // first, where govmomi looks for its properties

	vcenter   *vcenter
	installed map[types.ManagedObjectReference][]types.ClusterIoFilterInfo
}

func (v *vcenter) adoptIoFilters() {
	v.filters = &ioFilters{vcenter: v, installed: map[types.ManagedObjectReference][]types.ClusterIoFilterInfo{}}
	v.filters.Self = *serviceContent().IoFilterManager
	simulator.Map.Put(v.filters)
}

// QueryIoFilterInfo lists what is installed on a cluster.
func (f *ioFilters) QueryIoFilterInfo(req *types.QueryIoFilterInfo) soap.HasFault {
	return &methods.QueryIoFilterInfoBody{Res: &types.QueryIoFilterInfoResponse{Returnval: f.installed[req.CompRes]}}
}

// InstallIoFilterTask installs a filter of which the cluster has no version yet.
func (f *ioFilters) InstallIoFilterTask(req *types.InstallIoFilter_Task) soap.HasFault {
	return &methods.InstallIoFilter_TaskBody{Res: &types.InstallIoFilter_TaskResponse{
		Returnval: f.start("installIoFilter", func() *refusal {
			added, refused := filterAt(req.VibUrl)
			if refused == nil {
				refused = isCluster(req.CompRes)
			}
			if refused != nil {
				return refused
			}
			for _, each := range f.installed[req.CompRes] {
				if each.Name == added.Name {
					return &refusal{&types.AlreadyExists{Name: each.Id}, each.Id + " is installed already."}
				}
			}
			f.change(req.CompRes, "", &added)
			return nil
		}),
	}}
}

// UpgradeIoFilterTask puts another version in the place of one, also on the disks that use it.
func (f *ioFilters) UpgradeIoFilterTask(req *types.UpgradeIoFilter_Task) soap.HasFault {
	return &methods.UpgradeIoFilter_TaskBody{Res: &types.UpgradeIoFilter_TaskResponse{
		Returnval: f.start("upgradeIoFilter", func() *refusal {
			added, refused := filterAt(req.VibUrl)
			if refused == nil {
				refused = f.missing(req.FilterId, req.CompRes)
			}
			if refused != nil {
				return refused
			}
			f.change(req.CompRes, req.FilterId, &added)
			for _, m := range f.vcenter.machines() {
				m.locked(func() { m.renameFilter(req.FilterId, added.Id) })
			}
			return nil
		}),
	}}
}

// UninstallIoFilterTask removes a filter that no disk uses.
func (f *ioFilters) UninstallIoFilterTask(req *types.UninstallIoFilter_Task) soap.HasFault {
	return &methods.UninstallIoFilter_TaskBody{Res: &types.UninstallIoFilter_TaskResponse{
		Returnval: f.start("uninstallIoFilter", func() *refusal {
			if refused := f.missing(req.FilterId, req.CompRes); refused != nil {
				return refused
			}
			if used := f.disksUsing(req.FilterId); len(used) > 0 {
				return &refusal{&types.FilterInUse{Disk: used}, "The filter is in use."}
			}
			f.change(req.CompRes, req.FilterId, nil)
			return nil
		}),
	}}
}

// ResolveInstallationErrorsOnClusterTask has nothing to resolve: what is installed is installed everywhere.
func (f *ioFilters) ResolveInstallationErrorsOnClusterTask(req *types.ResolveInstallationErrorsOnCluster_Task) soap.HasFault {
	return &methods.ResolveInstallationErrorsOnCluster_TaskBody{Res: &types.ResolveInstallationErrorsOnCluster_TaskResponse{
		Returnval: f.start("resolveInstallationErrorsOnCluster", func() *refusal { return f.missing(req.FilterId, req.Cluster) }),
	}}
}

// QueryIoFilterIssues tells how the last operation went on each host: well.
func (f *ioFilters) QueryIoFilterIssues(req *types.QueryIoFilterIssues) soap.HasFault {
	if refused := f.missing(req.FilterId, req.CompRes); refused != nil {
		return &methods.QueryIoFilterIssuesBody{Fault_: refused.soap()}
	}
	return &methods.QueryIoFilterIssuesBody{Res: &types.QueryIoFilterIssuesResponse{
		Returnval: types.IoFilterQueryIssueResult{OpType: string(types.IoFilterOperationInstall)},
	}}
}

// QueryDisksUsingFilter lists the disks whose policy names a filter.
func (f *ioFilters) QueryDisksUsingFilter(req *types.QueryDisksUsingFilter) soap.HasFault {
	if refused := f.missing(req.FilterId, req.CompRes); refused != nil {
		return &methods.QueryDisksUsingFilterBody{Fault_: refused.soap()}
	}
	return &methods.QueryDisksUsingFilterBody{Res: &types.QueryDisksUsingFilterResponse{Returnval: f.disksUsing(req.FilterId)}}
}

func (f *ioFilters) start(name string, work func() *refusal) types.ManagedObjectReference {
	return startTask(f, name, func() (result types.AnyType, refused *refusal) {
		simulator.Map.WithLock(f, func() { refused = work() })
		return nil, refused
	})
}

// change takes one filter off a cluster and puts another on it, and shows its hosts what they have.
func (f *ioFilters) change(cluster types.ManagedObjectReference, gone string, added *types.ClusterIoFilterInfo) {
	var list []types.ClusterIoFilterInfo
	for _, each := range f.installed[cluster] {
		if each.Id != gone {
			list = append(list, each)
		}
	}
	if added != nil {
		list = append(list, *added)
	}
	f.installed[cluster] = list
	var onHost []types.HostIoFilterInfo
	for _, each := range list {
		onHost = append(onHost, types.HostIoFilterInfo{IoFilterInfo: each.IoFilterInfo, Available: true})
	}
	for _, ref := range simulator.Map.Get(cluster).(*simulator.ClusterComputeResource).Host {
		setAll(simulator.Map.Get(ref), types.PropertyChange{Name: "config.ioFilterInfo", Val: onHost})
	}
}

func (f *ioFilters) missing(id string, cluster types.ManagedObjectReference) *refusal {
	for _, each := range f.installed[cluster] {
		if each.Id == id {
			return nil
		}
	}
	return &refusal{&types.NotFound{}, "There is no filter " + id + " on this cluster."}
}

func (f *ioFilters) disksUsing(id string) []types.VirtualDiskId {
	var found []types.VirtualDiskId
	for _, m := range f.vcenter.machines() {
		m.locked(func() {
			for _, device := range m.Config.Hardware.Device {
				if virtual, ok := device.(*types.VirtualDisk); ok && len(virtual.Iofilter) > 0 && virtual.Iofilter[0] == id {
					found = append(found, types.VirtualDiskId{Vm: m.Self, DiskId: virtual.Key})
				}
			}
		})
	}
	return found
}

// packageName is how a filter's package is named: "driftless-1.2.0.zip".
var packageName = regexp.MustCompile(`^(.+?)-(\d.*)\.zip$`)

// filterAt is the filter whose package lies at an address.
func filterAt(address string) (types.ClusterIoFilterInfo, *refusal) {
	var name []string
	if parsed, err := url.Parse(address); err == nil {
		name = packageName.FindStringSubmatch(path.Base(parsed.Path))
	}
	if name == nil {
		return types.ClusterIoFilterInfo{}, &refusal{&types.InvalidArgument{InvalidProperty: "vibUrl"}, "A specified parameter was not correct: vibUrl"}
	}
	info := types.IoFilterInfo{
		Id:      strings.Join([]string{filterVendor, "bootbank", name[1], name[2]}, "_"),
		Name:    name[1],
		Vendor:  filterVendor,
		Version: name[2],
		Type:    string(types.IoFilterTypeReplication),
	}
	return types.ClusterIoFilterInfo{IoFilterInfo: info, OpType: string(types.IoFilterOperationInstall), VibUrl: address}, nil
}

func isCluster(ref types.ManagedObjectReference) *refusal {
	if _, ok := simulator.Map.Get(ref).(*simulator.ClusterComputeResource); ok {
		return nil
	}
	return &refusal{&types.InvalidArgument{InvalidProperty: "compRes"}, "IO filters are installed on clusters."}
}

func serviceContent() types.ServiceContent {
	return simulator.Map.Get(types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance"}).(*simulator.ServiceInstance).Content
}
