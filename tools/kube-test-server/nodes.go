package main

import (
	"fmt"
	"strings"
)

// zones is how many fake nodes there are, each in a zone of its own: rules about spreading have something to spread over.
const zones = 3

const node = `apiVersion: v1
kind: Node
metadata:
  name: fake-%[1]d
  labels: {kubernetes.io/hostname: fake-%[1]d, kubernetes.io/os: linux, topology.kubernetes.io/zone: zone-%[1]d}
  annotations: {kwok.x-k8s.io/node: fake}
`

// volumes are there for whoever claims one: no provisioner runs here.
const volume = `apiVersion: v1
kind: PersistentVolume
metadata: {name: fake-%[1]d}
spec:
  capacity: {storage: 100Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  hostPath: {path: /nonexistent/fake-%[1]d}
`

// furniture is what a cluster has before anybody asks for anything.
func furniture() string {
	parts := []string{}
	for n := range zones {
		parts = append(parts, fmt.Sprintf(node, n), fmt.Sprintf(volume, n))
	}
	return strings.Join(parts, "---\n")
}
