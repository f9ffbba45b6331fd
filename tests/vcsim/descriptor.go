package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
)

// flatOf names the file with the content beside a descriptor.
func flatOf(descriptor string) string {
	return strings.TrimSuffix(descriptor, ".vmdk") + "-flat.vmdk"
}

// newDiskUUID makes an identity as vSphere does: the first digits are VMware's own.
func newDiskUUID() string {
	random := make([]byte, 13)
	rand.Read(random)
	digits := fmt.Sprintf("6000c29%x", random)[:32]
	return strings.Join([]string{strings.ToUpper(digits[:8]), digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}

// spaced writes an identity as descriptors and QueryVirtualDiskUuid have it: "60 00 C2 9a … -…".
func spaced(uuid string) string {
	digits := strings.ReplaceAll(uuid, "-", "")
	var pairs []string
	for i := 0; i < len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	return strings.Join(pairs[:8], " ") + "-" + strings.Join(pairs[8:], " ")
}

func descriptorOf(d *disk) []byte {
	return []byte(fmt.Sprintf(`# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="vmfs"

RW %d VMFS "%s"

ddb.adapterType = "lsilogic"
ddb.thinProvisioned = "1"
ddb.uuid = "%s"
ddb.virtualHWVersion = "13"
`, d.sizeBytes/512, path.Base(d.flat), spaced(d.uuid)))
}

var descriptorUUID = regexp.MustCompile(`ddb\.uuid = "([^"]*)"`)

// uuidIn reads the identity in a descriptor; "" for one that has none yet.
func uuidIn(descriptor string) string {
	text, _ := os.ReadFile(descriptor)
	found := descriptorUUID.FindSubmatch(text)
	if found == nil {
		return ""
	}
	digits := strings.NewReplacer(" ", "", "-", "").Replace(string(found[1]))
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}
