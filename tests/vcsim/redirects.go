package main

import (
	"regexp"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// Govmomi looks for two of its managers by their Go types, so that nothing else may stand in their places. Ours have names of their
// own therefore, and what clients ask of the one is sent to the other.
var redirected = map[string]string{
	"FileManager":  "driftless-files",
	"EventManager": "driftless-events",
}

var calledManager = regexp.MustCompile(`(<(?:\w+:)?_this\b[^>]*>)(FileManager|EventManager)(<)`)

// redirect sends a call to our manager where there is one.
func redirect(body []byte) []byte {
	found := calledManager.FindSubmatchIndex(body)
	if found == nil {
		return body
	}
	name := redirected[string(body[found[4]:found[5]])]
	return append(append(append([]byte(nil), body[:found[4]]...), name...), body[found[5]:]...)
}

func (v *vcenter) adoptManagers() {
	files := &fileManager{FileManager: *simulator.Map.FileManager(), vcenter: v}
	files.Self = types.ManagedObjectReference{Type: "FileManager", Value: redirected["FileManager"]}
	simulator.Map.Put(files)
	events := &eventManager{original: simulator.Map.EventManager()}
	mendFormats(events.original)
	events.Self = types.ManagedObjectReference{Type: "EventManager", Value: redirected["EventManager"]}
	simulator.Map.Put(events)
}
