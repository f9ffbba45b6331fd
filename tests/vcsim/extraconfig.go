package main

import (
	"strconv"

	"github.com/vmware/govmomi/vim25/types"
)

// extra reads a key of the machine's extra configuration; "" where it is not set.
func (m *machine) extra(key string) string {
	for _, each := range m.Config.ExtraConfig {
		if option := each.GetOptionValue(); option.Key == key {
			text, _ := option.Value.(string)
			return text
		}
	}
	return ""
}

// setExtra merges options into the extra configuration: a known key gets the new value, an empty value removes it.
func (m *machine) setExtra(options ...types.BaseOptionValue) {
	merged := append([]types.BaseOptionValue(nil), m.Config.ExtraConfig...)
	for _, each := range options {
		option := each.GetOptionValue()
		kept := merged[:0:0]
		for _, other := range merged {
			if other.GetOptionValue().Key != option.Key {
				kept = append(kept, other)
			}
		}
		if option.Value != "" {
			kept = append(kept, each)
		}
		merged = kept
	}
	m.set(types.PropertyChange{Name: "config.extraConfig", Val: merged})
}

func optionOf(key, value string) types.BaseOptionValue {
	return &types.OptionValue{Key: key, Value: value}
}

// numberIn reads a decimal number in the extra configuration.
func (m *machine) numberIn(key string) (int64, bool) {
	number, err := strconv.ParseInt(m.extra(key), 10, 64)
	return number, err == nil
}
