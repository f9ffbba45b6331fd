package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// vmFolder is a folder in which VMs are created, as machines of ours.
type vmFolder struct {
	simulator.Folder

	vcenter *vcenter
}

// CreateVMTask checks and settles the devices as a reconfiguration does.
func (f *vmFolder) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	if refused := f.vcenter.settle(nil, nil, &req.Config); refused != nil {
		return &methods.CreateVM_TaskBody{Res: &types.CreateVM_TaskResponse{Returnval: refusedTask(f, "createVm", refused)}}
	}
	if req.Config.Files != nil {
		req.Config.Files.VmPathName = vmxPath(req.Config.Files.VmPathName, req.Config.Name)
	}
	body := f.Folder.CreateVMTask(ctx, req)
	created, refused := outcome(body.(*methods.CreateVM_TaskBody).Res.Returnval)
	if refused != nil {
		return body
	}
	if _, err := f.vcenter.adopt(simulator.Map.Get(created.(types.ManagedObjectReference)).(*simulator.VirtualMachine)); err != nil {
		return &methods.CreateVM_TaskBody{Fault_: simulator.Fault(err.Error(), &types.GenericVmConfigFault{Reason: err.Error()})}
	}
	return body
}

// CreateFolder makes a folder of the same kind.
func (f *vmFolder) CreateFolder(ctx *simulator.Context, req *types.CreateFolder) soap.HasFault {
	body := f.Folder.CreateFolder(ctx, req)
	if res := body.(*methods.CreateFolderBody).Res; res != nil {
		f.vcenter.adoptFolder(simulator.Map.Get(res.Returnval).(*simulator.Folder))
	}
	return body
}

func (v *vcenter) adoptFolder(folder *simulator.Folder) *vmFolder {
	adopted := &vmFolder{Folder: *folder, vcenter: v}
	simulator.Map.Put(adopted)
	return adopted
}
