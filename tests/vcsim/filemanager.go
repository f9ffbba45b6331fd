package main

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// fileManager is govmomi's, which knows no locks.
type fileManager struct {
	simulator.FileManager // first, where govmomi looks for its properties

	vcenter *vcenter
}

// DeleteDatastoreFileTask deletes a file, or a folder with all that is in it, unless a disk among them is connected to a VM.
func (f *fileManager) DeleteDatastoreFileTask(req *types.DeleteDatastoreFile_Task) soap.HasFault {
	if refused := f.vcenter.library.mayDeleteFiles(cleanPath(req.Name)); refused != nil {
		return &methods.DeleteDatastoreFile_TaskBody{Res: &types.DeleteDatastoreFile_TaskResponse{Returnval: refusedTask(f, "deleteDatastoreFile", refused)}}
	}
	return f.FileManager.DeleteDatastoreFileTask(req)
}

// mayDeleteFiles refuses to delete a file of a disk that is connected to a VM, or a folder with one in it.
func (l *library) mayDeleteFiles(path string) *refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	folder := strings.TrimSuffix(path, "/") + "/"
	for d, users := range l.users {
		if len(users) > 0 && (d.path == path || flatOf(d.path) == path || strings.HasPrefix(d.path, folder)) {
			return locked(d.path, "Failed to lock the file "+d.path+".")
		}
	}
	return nil
}
