package main

import (
	"path"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// browser looks for files on a datastore. Of a disk it tells what it takes, where govmomi tells the length of its descriptor.
type browser struct {
	simulator.HostDatastoreBrowser // first, where govmomi looks for its properties

	library *library
}

func (v *vcenter) adoptBrowsers() {
	for _, store := range simulator.Map.All("Datastore") {
		if original, ok := simulator.Map.Get(store.(*simulator.Datastore).Browser).(*simulator.HostDatastoreBrowser); ok {
			simulator.Map.Put(&browser{HostDatastoreBrowser: *original, library: v.library})
		}
	}
}

// SearchDatastoreTask lets govmomi look, and completes the disks among what it has found.
func (b *browser) SearchDatastoreTask(req *types.SearchDatastore_Task) soap.HasFault {
	body := b.HostDatastoreBrowser.SearchDatastoreTask(req)
	result, refused := outcome(body.(*methods.SearchDatastore_TaskBody).Res.Returnval)
	if found, ok := result.(types.HostDatastoreBrowserSearchResults); refused == nil && ok {
		for _, file := range found.File {
			if info, ok := file.(*types.VmDiskFileInfo); ok {
				b.complete(info, req.DatastorePath)
			}
		}
	}
	return body
}

func (b *browser) complete(info *types.VmDiskFileInfo, folder string) {
	var at object.DatastorePath
	at.FromString(folder)
	at.Path = path.Join(at.Path, info.Path)
	if known := b.library.find(at.String()); known != nil {
		info.FileSize, info.CapacityKb = allocatedIn(known.flat), known.sizeBytes/1024
	}
}
