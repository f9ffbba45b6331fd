package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/vmware/govmomi/object"
)

// serveFile hands out a file of a datastore to whoever is logged in: "/folder/web-1/web-1-flat.vmdk?dcPath=DC0&dsName=LocalDS_0".
// The flat file that a running VM writes to is locked by its host.
func (f *front) serveFile(w http.ResponseWriter, r *http.Request) {
	if !loggedIn(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
		http.Error(w, "Log in first.", http.StatusUnauthorized)
		return
	}
	query := r.URL.Query()
	for _, name := range []string{"dcPath", "dsName"} {
		// Clients encode these twice where the path has a slash.
		if once, err := url.QueryUnescape(query.Get(name)); err == nil && query.Get(name) != "" {
			query.Set(name, once)
		}
	}
	r.URL.RawQuery = query.Encode()
	if f.isLocked(strings.TrimPrefix(r.URL.Path, "/folder/"), query.Get("dsName")) {
		http.Error(w, "Failed to lock the file.", http.StatusInternalServerError)
		return
	}
	f.service.ServeDatastore(w, r)
}

func (f *front) isLocked(path, datastore string) bool {
	if !strings.HasSuffix(path, "-flat.vmdk") {
		return false
	}
	if datastore == "" {
		datastore = firstDatastore
	}
	descriptor := object.DatastorePath{Datastore: datastore, Path: strings.TrimSuffix(path, "-flat.vmdk") + ".vmdk"}
	found := f.vcenter.library.find(descriptor.String())
	return found != nil && f.vcenter.library.writer(found, nil) != nil
}
