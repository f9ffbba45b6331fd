// A vCenter to test against: govmomi's simulator, and over it what a vCenter does and the simulator does not. It keeps disks with
// real contents, guests that write to them, snapshots that make them stand still, and changed block tracking.
//
//	main.go           flags; says where it listens in one line of JSON; ends when its stdin closes
//	vcenter.go        the datacenter, its cluster and its first VMs
//	 ├ scenario.go    the VMs that a test wants, from a file         build.go makes them; blockers.go: what cannot be moved
//	 ├ folder.go      creates VMs                                    devices.go: keys and units as vSphere gives them
//	 └ machine.go     a VM and its disks                             backings.go, extraconfig.go, layout.go, storage.go: as it shows them
//	    ├ power.go        on, off, and asking its guest to shut down
//	    ├ reconfigure.go  devices that come and go                   hotadd.go: disks that appear in the agent's VM; locks.go
//	    ├ snapshot.go     all its disks frozen at one moment         snapshot_tree.go; removal.go: consolidated again
//	    ├ areas.go        what has changed since a moment
//	    ├ guest.go        writes a ledger                            ledger.go: whether it is whole; report.go: how the guest is
//	    ├ migrate.go      to another host
//	    └ destroy.go      gone, with its disks
//	library.go        every virtual disk by its path                 descriptor.go: its little file
//	 └ disk.go        a flat file and its deltas                     tracking.go: when what was written; allocation.go: where anything is
//	virtualdisks.go   disks that belong to no VM                     browser.go: what they take; filemanager.go: files
//	iofilters.go      IO filters on clusters                         policies.go: on disks
//	performance.go    what guests wrote, as counters                 activity.go
//	events.go         what happened
//	extensions.go     who has entered himself in the vCenter
//	tasks.go          work that goes on behind its answer            redirects.go: managers that cannot be replaced
//	front.go          what clients connect to                        certificate.go, sessions.go, files.go (/folder), failures.go
//	control.go        orders of a test, by stdin: break this, write that
package main

import (
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/url"
	"os"
)

func main() {
	vms := flag.Int("vms", 2, "how many virtual machines, each with one disk and powered on")
	user := flag.String("user", "user", "who is let in")
	password := flag.String("password", "pass", "with which password")
	file := flag.String("scenario", "", "a file that says which VMs there are besides")
	devices := flag.String("devices", "", "the folder in which disks appear that are connected to the agent's VM")
	verbose := flag.Bool("verbose", false, "say on stderr what the simulator does")
	flag.Parse()
	if err := run(*vms, *file, *devices, url.UserPassword(*user, *password), *verbose); err != nil {
		log.SetOutput(os.Stderr)
		log.Fatal(err)
	}
}

func run(vms int, file, devices string, person *url.Userinfo, verbose bool) error {
	if !verbose {
		log.SetOutput(io.Discard)
	}
	wanted, err := readScenario(file)
	if err != nil {
		return err
	}
	v, err := newVcenter(vms, hotAdd{devices, wanted.AgentVM})
	if err != nil {
		return err
	}
	defer v.close()
	if err := v.build(wanted); err != nil {
		return err
	}
	f, err := openFront(v, person)
	if err != nil {
		return err
	}
	defer f.close()
	if err := json.NewEncoder(os.Stdout).Encode(answer{"address": f.address(), "datastores": datastoreFolders}); err != nil {
		return err
	}
	f.obey(os.Stdin, os.Stdout)
	return nil
}
