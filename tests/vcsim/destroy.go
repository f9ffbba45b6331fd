package main

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// DestroyTask deletes the machine and every disk that is connected to it, unless another VM that runs has one of them.
func (m *machine) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	refused := m.unsupported()
	if refused == nil {
		refused = m.heldElsewhere()
	}
	if refused != nil {
		return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: refusedTask(m, "destroy", refused)}}
	}
	m.vcenter.library.connect(m, nil)
	body := m.VirtualMachine.DestroyTask(ctx, req)
	if _, refused := outcome(body.(*methods.Destroy_TaskBody).Res.Returnval); refused != nil {
		m.vcenter.library.connect(m, m.disks)
		return body
	}
	m.forgetSnapshots()
	return body
}

// UnregisterVM takes the machine off the list; its files stay.
func (m *machine) UnregisterVM(ctx *simulator.Context, req *types.UnregisterVM) soap.HasFault {
	body := m.VirtualMachine.UnregisterVM(ctx, req)
	if body.Fault() == nil {
		m.vcenter.library.connect(m, nil)
		m.forgetSnapshots()
	}
	return body
}

func (m *machine) forgetSnapshots() {
	for _, each := range m.snapshotsIn(m.snapshotRoots()) {
		simulator.Map.Remove(each.Self)
	}
}
