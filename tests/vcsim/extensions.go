package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// extensions is the list of those who have entered themselves in the vCenter.
type extensions struct {
	mo.ExtensionManager
}

func adoptExtensions() {
	e := &extensions{}
	e.Self = *serviceContent().ExtensionManager
	simulator.Map.Put(e)
}

// FindExtension returns the entry with a key, or nothing.
func (e *extensions) FindExtension(req *types.FindExtension) soap.HasFault {
	res := &types.FindExtensionResponse{}
	if at := e.at(req.ExtensionKey); at >= 0 {
		found := e.ExtensionList[at]
		res.Returnval = &found
	}
	return &methods.FindExtensionBody{Res: res}
}

// RegisterExtension makes an entry under a key that is free.
func (e *extensions) RegisterExtension(req *types.RegisterExtension) soap.HasFault {
	if req.Extension.Key == "" || e.at(req.Extension.Key) >= 0 {
		return &methods.RegisterExtensionBody{Fault_: simulator.Fault("A specified parameter was not correct: extension.key", &types.InvalidArgument{InvalidProperty: "extension.key"})}
	}
	e.show(append(e.without(req.Extension.Key), req.Extension))
	return &methods.RegisterExtensionBody{Res: new(types.RegisterExtensionResponse)}
}

// UpdateExtension replaces an entry.
func (e *extensions) UpdateExtension(req *types.UpdateExtension) soap.HasFault {
	if e.at(req.Extension.Key) < 0 {
		return &methods.UpdateExtensionBody{Fault_: notFound(req.Extension.Key)}
	}
	req.Extension.LastHeartbeatTime = time.Now()
	e.show(append(e.without(req.Extension.Key), req.Extension))
	return &methods.UpdateExtensionBody{Res: new(types.UpdateExtensionResponse)}
}

// UnregisterExtension removes an entry.
func (e *extensions) UnregisterExtension(req *types.UnregisterExtension) soap.HasFault {
	if e.at(req.ExtensionKey) < 0 {
		return &methods.UnregisterExtensionBody{Fault_: notFound(req.ExtensionKey)}
	}
	e.show(e.without(req.ExtensionKey))
	return &methods.UnregisterExtensionBody{Res: new(types.UnregisterExtensionResponse)}
}

func (e *extensions) at(key string) int {
	for i, each := range e.ExtensionList {
		if each.Key == key {
			return i
		}
	}
	return -1
}

func (e *extensions) without(key string) []types.Extension {
	var rest []types.Extension
	for _, each := range e.ExtensionList {
		if each.Key != key {
			rest = append(rest, each)
		}
	}
	return rest
}

func (e *extensions) show(list []types.Extension) {
	simulator.Map.Update(e, []types.PropertyChange{{Name: "extensionList", Val: list}})
}

func notFound(what string) *soap.Fault {
	return simulator.Fault("There is no "+what+".", &types.NotFound{})
}
