package main

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// refuseDeletion answers a request to delete files among which is a disk that a VM has. Govmomi's file manager knows no locks and
// cannot be replaced, so that its call is caught on the way. Returns false for any other request.
func (f *front) refuseDeletion(w http.ResponseWriter, body []byte) bool {
	const method = "DeleteDatastoreFile_Task"
	if !bytes.Contains(body, []byte(method)) {
		return false
	}
	call, err := simulator.UnmarshalBody(types.TypeFunc(), body)
	if err != nil {
		return false
	}
	req, ok := call.Body.(*types.DeleteDatastoreFile_Task)
	if !ok {
		return false
	}
	refused := f.vcenter.library.mayDeleteFiles(cleanPath(req.Name))
	if refused == nil {
		return false
	}
	answerWithTask(w, method, refusedTask(call.This, "deleteDatastoreFile", refused))
	return true
}

// mayDeleteFiles refuses to delete a file of a disk that is connected to a VM, or a folder with one in it.
func (l *library) mayDeleteFiles(path string) *refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	for d, users := range l.users {
		if len(users) > 0 && (d.path == path || flatOf(d.path) == path || strings.HasPrefix(d.path, strings.TrimSuffix(path, "/")+"/")) {
			return locked(d.path, "Failed to lock the file "+d.path+".")
		}
	}
	return nil
}
