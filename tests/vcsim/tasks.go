package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// refusal is why something was not done.
type refusal struct {
	fault   types.BaseMethodFault
	message string
}

func (r *refusal) soap() *soap.Fault {
	return simulator.Fault(r.message, r.fault)
}

func (r *refusal) localized() types.LocalizedMethodFault {
	return types.LocalizedMethodFault{Fault: r.fault, LocalizedMessage: r.message}
}

// startTask answers at once with a task and works behind the answer, as a vCenter does. Govmomi's own tasks end before it.
func startTask(entity mo.Reference, name string, work func() (types.AnyType, *refusal)) types.ManagedObjectReference {
	task := simulator.CreateTask(entity, name, nil)
	setAll(task, types.PropertyChange{Name: "info.startTime", Val: time.Now()}, types.PropertyChange{Name: "info.state", Val: types.TaskInfoStateRunning})
	go func() {
		result, refused := work()
		state := types.TaskInfoStateSuccess
		var fault types.AnyType
		if refused != nil {
			state, fault = types.TaskInfoStateError, refused.localized()
		}
		setAll(task,
			types.PropertyChange{Name: "info.completeTime", Val: time.Now()},
			types.PropertyChange{Name: "info.state", Val: state},
			types.PropertyChange{Name: "info.result", Val: result},
			types.PropertyChange{Name: "info.error", Val: fault},
		)
	}()
	return task.Self
}

// setAll changes properties of an object that the caller has not locked, so that nobody reads half of the change.
func setAll(object mo.Reference, changes ...types.PropertyChange) {
	simulator.Map.WithLock(object, func() { simulator.Map.Update(object, changes) })
}

// refusedTask answers with a task that fails.
func refusedTask(entity mo.Reference, name string, refused *refusal) types.ManagedObjectReference {
	return startTask(entity, name, func() (types.AnyType, *refusal) { return nil, refused })
}

// outcome is how one of govmomi's own tasks ended, which has ended by the time it is answered.
func outcome(ref types.ManagedObjectReference) (types.AnyType, *refusal) {
	info := simulator.Map.Get(ref).(*simulator.Task).Info
	if info.Error == nil {
		return info.Result, nil
	}
	return nil, &refusal{info.Error.Fault, info.Error.LocalizedMessage}
}
