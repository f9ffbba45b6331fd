package main

import (
	"errors"
	"os"
	"syscall"
)

// allocated says whether anything but zeros lies in an area below a delta.
func (d *disk) allocated(area int64, before *delta) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	offset := area * areaBytes
	length := lesser(areaBytes, d.sizeBytes-offset)
	if err := d.open(); err != nil {
		return true
	}
	if isHole(d.file, offset, length) && !d.inDeltas(offset, length, before) {
		return false
	}
	content := make([]byte, length)
	if err := d.readLocked(content, offset, before); err != nil {
		return true
	}
	for _, each := range content {
		if each != 0 {
			return true
		}
	}
	return false
}

func (d *disk) inDeltas(offset, length int64, before *delta) bool {
	for _, each := range d.deltas {
		if each == before {
			break
		}
		for block := offset / blockBytes; block*blockBytes < offset+length; block++ {
			if each.blocks[block] != nil {
				return true
			}
		}
	}
	return false
}

// isHole says that the file system has nothing allocated there; false where it cannot tell.
func isHole(file *os.File, offset, length int64) bool {
	const seekData = 3
	data, err := file.Seek(offset, seekData)
	if errors.Is(err, syscall.ENXIO) {
		return true
	}
	return err == nil && data >= offset+length
}

// allocatedIn is how many bytes a file takes, its holes left out.
func allocatedIn(file string) int64 {
	there, err := os.Stat(file)
	if err != nil {
		return 0
	}
	if info, ok := there.Sys().(*syscall.Stat_t); ok {
		return info.Blocks * 512
	}
	return there.Size()
}

// bytesIn is how much a delta holds.
func (d *disk) bytesIn(of *delta) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(len(of.blocks)) * blockBytes
}
