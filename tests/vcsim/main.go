// A vCenter to test against: govmomi's simulator, told how many VMs to have and whom to let in.
// It says where it listens in one line of JSON, and ends when its stdin closes, so that it never outlives its test.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/url"
	"os"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	vms := flag.Int("vms", 2, "how many virtual machines, each with one disk and powered on")
	user := flag.String("user", "user", "who is let in")
	password := flag.String("password", "pass", "with which password")
	flag.Parse()

	model := simulator.VPX()
	model.Host = 0
	model.Machine = *vms
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	// Its datastores are folders among the temporary files.
	defer model.Remove()

	model.Service.TLS = new(tls.Config)
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(*user, *password)}
	server := model.Service.NewServer()
	defer server.CloseClientConnections()

	address := map[string]string{"address": server.URL.Scheme + "://" + server.URL.Host}
	if err := json.NewEncoder(os.Stdout).Encode(address); err != nil {
		log.Print(err)
		return
	}
	io.Copy(io.Discard, os.Stdin)
}
