package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
	govmomi "github.com/vmware/govmomi/vim25/xml"
)

// failures is what a test has asked to go wrong: the next calls of a method.
type failures struct {
	mu   sync.Mutex
	next []*failure
}

type failure struct {
	method, fault, message string
	times                  int
}

func (f *failures) add(added failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = append(f.next, &added)
}

// take returns the failure for a call of a method and counts it; nil where the call may go well.
func (f *failures) take(method string) *failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, each := range f.next {
		if each.method == method && each.times > 0 {
			each.times--
			return each
		}
	}
	return nil
}

// answer answers a call that shall fail; false for any other, of which nothing was used up.
func (f *failures) answer(w http.ResponseWriter, body []byte) bool {
	f.mu.Lock()
	nothing := len(f.next) == 0
	f.mu.Unlock()
	if nothing {
		return false
	}
	method, this := calledIn(body)
	chosen := f.take(method)
	if chosen == nil {
		return false
	}
	if strings.HasSuffix(method, "_Task") {
		chosen.answerTask(w, method, this)
	} else {
		chosen.answerFault(w)
	}
	return true
}

const envelope = xml.Header + `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>%s</soapenv:Body></soapenv:Envelope>`

func (f *failure) answerTask(w http.ResponseWriter, method string, this types.ManagedObjectReference) {
	name := strings.ToLower(method[:1]) + strings.TrimSuffix(method[1:], "_Task")
	task := refusedTask(this, name, &refusal{&namedFault{name: f.fault}, f.message})
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	fmt.Fprintf(w, envelope, fmt.Sprintf(`<%[1]sResponse xmlns="urn:vim25"><returnval type="Task">%[2]s</returnval></%[1]sResponse>`, method, task.Value))
}

func (f *failure) answerFault(w http.ResponseWriter) {
	var message bytes.Buffer
	_ = xml.EscapeText(&message, []byte(f.message))
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprintf(w, envelope, fmt.Sprintf(`<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>%[2]s</faultstring><detail><%[1]sFault xmlns="urn:vim25" xsi:type="%[1]s"></%[1]sFault></detail></soapenv:Fault>`, f.fault, message.String()))
}

// namedFault is a fault of any name, also of one that govmomi has no type for.
type namedFault struct {
	types.MethodFault
	name string
}

func (n namedFault) MarshalXML(e *govmomi.Encoder, start govmomi.StartElement) error {
	for i := range start.Attr {
		if start.Attr[i].Name.Local == "type" {
			start.Attr[i].Value = n.name
		}
	}
	return e.EncodeElement("", start)
}

// calledIn finds in a request which method is called, of which object.
func calledIn(body []byte) (method string, this types.ManagedObjectReference) {
	var request struct {
		Body struct {
			Call struct {
				XMLName xml.Name
				This    struct {
					Type  string `xml:"type,attr"`
					Value string `xml:",chardata"`
				} `xml:"_this"`
			} `xml:",any"`
		} `xml:"Body"`
	}
	if err := xml.Unmarshal(body, &request); err != nil {
		return "", this
	}
	call := request.Body.Call
	return call.XMLName.Local, types.ManagedObjectReference{Type: call.This.Type, Value: call.This.Value}
}
