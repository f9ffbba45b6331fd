package main

import (
	"context"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Keys of the extra configuration that the simulator goes by. A VM that is built with a copy of them has the same guest.
const (
	toolsKey    = "driftless.sim.tools"           // "true": the guest has VMware Tools
	refusesKey  = "driftless.sim.refusesShutdown" // "true": the guest does not shut down when it is asked to
	guestKey    = "driftless.sim.guest"           // "records per second,KiB rewritten per second"
	expectsKey  = "guestinfo.driftless.expects"
	reportKey   = "guestinfo.driftless.report"
	shutdownFor = 100 * time.Millisecond
)

// PowerOnVMTask starts the machine and its guest.
func (m *machine) PowerOnVMTask(ctx *simulator.Context, req *types.PowerOnVM_Task) soap.HasFault {
	if refused := m.heldElsewhere(); refused != nil {
		return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: refusedTask(m, "powerOn", refused)}}
	}
	body := m.VirtualMachine.PowerOnVMTask(ctx, req)
	if res := body.(*methods.PowerOnVM_TaskBody).Res; res != nil {
		if _, refused := outcome(res.Returnval); refused == nil {
			m.started()
		}
	}
	return body
}

// PowerOffVMTask pulls the plug: the guest ends after the write that it is at.
func (m *machine) PowerOffVMTask(ctx *simulator.Context, req *types.PowerOffVM_Task) soap.HasFault {
	m.stopped()
	return m.VirtualMachine.PowerOffVMTask(ctx, req)
}

// ResetVMTask pulls the plug and starts again.
func (m *machine) ResetVMTask(*simulator.Context, *types.ResetVM_Task) soap.HasFault {
	if !m.running.Load() {
		return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: refusedTask(m, "reset", m.notRunning())}}
	}
	m.stopped()
	m.started()
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{
		Returnval: startTask(m, "reset", func() (types.AnyType, *refusal) { return nil, nil }),
	}}
}

// ShutdownGuest asks the guest to stop in order, which takes it a moment, or which it ignores.
func (m *machine) ShutdownGuest(*simulator.Context, *types.ShutdownGuest) soap.HasFault {
	if !m.running.Load() {
		return &methods.ShutdownGuestBody{Fault_: m.notRunning().soap()}
	}
	if !m.toolsRun() {
		return &methods.ShutdownGuestBody{Fault_: simulator.Fault("Cannot complete operation because VMware Tools is not running in this virtual machine.", &types.ToolsUnavailable{})}
	}
	if m.extra(refusesKey) != "true" {
		asked := m.guest
		time.AfterFunc(shutdownFor, func() {
			m.locked(func() {
				if m.running.Load() && m.guest == asked {
					m.PowerOffVMTask(system(), &types.PowerOffVM_Task{This: m.Self})
				}
			})
		})
	}
	return &methods.ShutdownGuestBody{Res: new(types.ShutdownGuestResponse)}
}

func (m *machine) notRunning() *refusal {
	return &refusal{&types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: m.Runtime.PowerState}, "The attempted operation cannot be performed in the current state (Powered off)."}
}

func (m *machine) started() {
	m.running.Store(true)
	m.followTracking()
	m.showDisks()
	m.startGuest()
	m.showTools()
	m.set(types.PropertyChange{Name: "runtime.dasVmProtection", Val: types.VirtualMachineRuntimeInfoDasProtectionState{DasProtected: true}})
}

func (m *machine) stopped() {
	if !m.running.Load() {
		return
	}
	m.stopGuest()
	m.running.Store(false)
	for _, attached := range m.disks {
		if attached.top {
			attached.disk.mark()
		}
	}
	m.showDisks()
	m.showTools()
}

// toolsRun says whether VMware Tools run in the guest.
func (m *machine) toolsRun() bool {
	return m.running.Load() && m.extra(toolsKey) == "true"
}

func (m *machine) showTools() {
	status, running, state, heartbeat := types.VirtualMachineToolsStatusToolsNotInstalled, types.VirtualMachineToolsRunningStatusGuestToolsNotRunning, types.VirtualMachineGuestStateNotRunning, types.ManagedEntityStatusGray
	if m.extra(toolsKey) == "true" {
		status = types.VirtualMachineToolsStatusToolsNotRunning
	}
	if m.toolsRun() {
		status, running, state, heartbeat = types.VirtualMachineToolsStatusToolsOk, types.VirtualMachineToolsRunningStatusGuestToolsRunning, types.VirtualMachineGuestStateRunning, types.ManagedEntityStatusGreen
	}
	m.set(
		types.PropertyChange{Name: "guest.toolsStatus", Val: status},
		types.PropertyChange{Name: "guest.toolsRunningStatus", Val: string(running)},
		types.PropertyChange{Name: "guest.guestState", Val: string(state)},
		types.PropertyChange{Name: "guestHeartbeatStatus", Val: heartbeat},
		types.PropertyChange{Name: "summary.guest.toolsStatus", Val: status},
		types.PropertyChange{Name: "summary.guest.toolsRunningStatus", Val: string(running)},
		types.PropertyChange{Name: "summary.quickStats.guestHeartbeatStatus", Val: heartbeat},
	)
}

// system is who does what nobody has asked for: the simulator itself.
func system() *simulator.Context {
	return &simulator.Context{
		Context: context.Background(),
		Map:     simulator.Map,
		Session: &simulator.Session{UserSession: types.UserSession{Key: "system", UserName: "vcsim"}, Registry: simulator.NewRegistry()},
	}
}
