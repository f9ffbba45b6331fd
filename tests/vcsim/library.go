package main

import (
	"os"
	"path"
	"regexp"
	"sync"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
)

// library knows every virtual disk by the path of its descriptor, and which machines it is connected to.
type library struct {
	mu    sync.Mutex
	disks map[string]*disk
	users map[*disk]map[*machine]bool
}

// deltaName is how the descriptor of a delta is named.
var deltaName = regexp.MustCompile(`-\d{6}\.vmdk$`)

func newLibrary() *library {
	return &library{disks: map[string]*disk{}, users: map[*disk]map[*machine]bool{}}
}

// find returns the disk with this descriptor, be it the disk's own or that of one of its deltas; nil where there is none.
func (l *library) find(path string) *disk {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.findLocked(cleanPath(path))
}

func (l *library) findLocked(path string) *disk {
	if found := l.disks[path]; found != nil {
		if _, err := os.Stat(found.flat); err == nil {
			return found
		}
		l.forgetLocked(found)
	}
	if !deltaName.MatchString(path) {
		return nil
	}
	for _, found := range l.disks {
		for _, each := range found.chain() {
			if each.path == path {
				return found
			}
		}
	}
	return nil
}

// adopt takes in the disk whose files lie at a path, and makes them what they should be: a descriptor with the disk's identity,
// and a flat file of its full size, of which nothing is allocated yet.
func (l *library) adopt(path string, sizeBytes int64) (*disk, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	path = cleanPath(path)
	if found := l.findLocked(path); found != nil {
		return found, nil
	}
	descriptor := fileOf(path)
	added := &disk{path: path, flat: flatOf(descriptor), uuid: uuidIn(descriptor), sizeBytes: sizeBytes}
	if there, err := os.Stat(added.flat); err == nil && there.Size() > sizeBytes {
		added.sizeBytes = there.Size()
	}
	flat, err := os.OpenFile(added.flat, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer flat.Close()
	if err := flat.Truncate(added.sizeBytes); err != nil {
		return nil, err
	}
	if added.uuid == "" {
		added.uuid = newDiskUUID()
		if err := os.WriteFile(descriptor, descriptorOf(added), 0o600); err != nil {
			return nil, err
		}
	}
	l.disks[path] = added
	return added, nil
}

// forget is told when a disk's files are gone.
func (l *library) forget(gone *disk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetLocked(gone)
}

func (l *library) forgetLocked(gone *disk) {
	gone.close()
	delete(l.disks, gone.path)
	delete(l.users, gone)
}

// connect notes all the disks that a machine has from now on.
func (l *library) connect(m *machine, disks map[int32]attachment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, users := range l.users {
		delete(users, m)
	}
	for _, attached := range disks {
		if l.users[attached.disk] == nil {
			l.users[attached.disk] = map[*machine]bool{}
		}
		l.users[attached.disk][m] = true
	}
}

// disconnect notes that a machine gives up a disk.
func (l *library) disconnect(m *machine, d *disk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.users[d], m)
}

// usersOf is every machine but one that a disk is connected to.
func (l *library) usersOf(d *disk, but *machine) []*machine {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []*machine
	for user := range l.users[d] {
		if user != but {
			found = append(found, user)
		}
	}
	return found
}

// fileOf is where the file of a datastore path lies on this machine.
func fileOf(datastorePath string) string {
	var split object.DatastorePath
	split.FromString(datastorePath)
	return path.Join(datastoreFolders[split.Datastore], split.Path)
}

// datastoreFolders is the folder of each datastore by its name. It does not change once the inventory is made.
var datastoreFolders = map[string]string{}

func findDatastores() {
	for _, each := range simulator.Map.All("Datastore") {
		store := each.(*simulator.Datastore)
		datastoreFolders[store.Name] = store.Info.GetDatastoreInfo().Url
	}
}
