package main

import (
	"os"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// diskManager creates and deletes disks that belong to no VM yet, or no more.
type diskManager struct {
	simulator.VirtualDiskManager // first, where govmomi looks for its properties

	vcenter *vcenter
}

func (v *vcenter) adoptDiskManager() {
	original := simulator.Map.VirtualDiskManager().(*simulator.VirtualDiskManager)
	simulator.Map.Put(&diskManager{VirtualDiskManager: *original, vcenter: v})
}

// CreateVirtualDiskTask lets govmomi make the two files, and gives them size and identity.
func (d *diskManager) CreateVirtualDiskTask(ctx *simulator.Context, req *types.CreateVirtualDisk_Task) soap.HasFault {
	spec, ok := req.Spec.(*types.FileBackedVirtualDiskSpec)
	if !ok || spec.CapacityKb <= 0 {
		refused := &refusal{&types.InvalidArgument{InvalidProperty: "spec"}, "A specified parameter was not correct: spec"}
		return &methods.CreateVirtualDisk_TaskBody{Res: &types.CreateVirtualDisk_TaskResponse{Returnval: refusedTask(d, "createVirtualDisk", refused)}}
	}
	body := d.VirtualDiskManager.CreateVirtualDiskTask(ctx, req)
	if _, refused := outcome(body.(*methods.CreateVirtualDisk_TaskBody).Res.Returnval); refused != nil {
		return body
	}
	if _, err := d.vcenter.library.adopt(req.Name, spec.CapacityKb*1024); err != nil {
		return &methods.CreateVirtualDisk_TaskBody{Fault_: simulator.Fault(err.Error(), &types.CannotCreateFile{FileFault: types.FileFault{File: req.Name}})}
	}
	return body
}

// DeleteVirtualDiskTask deletes a disk with all its deltas, unless a VM has it.
func (d *diskManager) DeleteVirtualDiskTask(ctx *simulator.Context, req *types.DeleteVirtualDisk_Task) soap.HasFault {
	found := d.vcenter.library.find(req.Name)
	if found == nil {
		return d.VirtualDiskManager.DeleteVirtualDiskTask(ctx, req)
	}
	refused := d.vcenter.mayDelete(nil, req.Name)
	if refused == nil {
		d.vcenter.library.delete(found)
	}
	return &methods.DeleteVirtualDisk_TaskBody{Res: &types.DeleteVirtualDisk_TaskResponse{Returnval: refusedTask(d, "deleteVirtualDisk", refused)}}
}

// QueryVirtualDiskUuid returns the identity as vSphere writes it here: "60 00 C2 9a … -…".
func (d *diskManager) QueryVirtualDiskUuid(ctx *simulator.Context, req *types.QueryVirtualDiskUuid) soap.HasFault {
	found := d.vcenter.library.find(req.Name)
	if found == nil {
		return d.VirtualDiskManager.QueryVirtualDiskUuid(ctx, req)
	}
	return &methods.QueryVirtualDiskUuidBody{Res: &types.QueryVirtualDiskUuidResponse{Returnval: spaced(found.uuid)}}
}

// delete removes a disk's files.
func (l *library) delete(gone *disk) {
	for _, each := range gone.chain() {
		_ = os.Remove(fileOf(each.path))
	}
	_ = os.Remove(fileOf(gone.path))
	_ = os.Remove(gone.flat)
	l.forget(gone)
}

// cleanPath writes a datastore path as the library has it, whatever the space behind the bracket.
func cleanPath(path string) string {
	var split object.DatastorePath
	if !split.FromString(path) {
		return path
	}
	return split.String()
}
