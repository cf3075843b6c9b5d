#!/bin/sh
# deploy/verify.sh: does what is deployed work? A line for each thing looked at; exit 1 when one of them is not right.
#   KUBECTL     the kubectl to use; otherwise the one on PATH
#   ADDRESSES   a file of lines "service address": services are asked there, where nobody may enter a pod (kubectl exec)
set -u
cd "$(dirname "$0")"
# shellcheck disable=SC2086
kubectl() { ${KUBECTL:-command kubectl} "$@"; }
ours() { kubectl --namespace learnflow "$@" 2>/dev/null; }
failed=0
say() { # say STATE WHAT [WHY]
    if [ "$1" = 0 ]; then echo "ok      $2"; else echo "FAILED  $2${3:+: $3}"; failed=1; fi
}
equal() { if [ "$1" = "$2" ] && [ -n "$1" ]; then say 0 "$3"; else say 1 "$3" "${1:-nothing}, wanted ${2:-something}"; fi; }
beside() { # beside SERVICE PORT PROGRAM: the program runs where the service is, told the service's address
    if [ -n "${ADDRESSES:-}" ]; then
        python3 - "$(sed -n "s/^$1 //p" "$ADDRESSES")" <"$3" 2>/dev/null
    else
        ours exec --stdin "deploy/$1" --container service -- python - "http://127.0.0.1:$2" <"$3"
    fi
}

deployments=$(ours get deployments --selector app.kubernetes.io/part-of=learnflow --output name)
[ -n "$deployments" ] || { say 1 "Deployments" "there are none: deploy/deploy.sh"; exit 1; }

for deployment in $deployments; do
    ready=$(ours get "$deployment" --output 'go-template={{.status.readyReplicas}} of {{.status.replicas}}')
    all=$(ours get "$deployment" --output 'go-template={{.spec.replicas}} of {{.spec.replicas}}')
    equal "$ready" "$all" "pods ready: ${deployment#*/}"
done

for deployment in $(ours get deployments --output 'go-template={{range .items}}{{if index .spec.template.metadata "annotations"}}{{if index .spec.template.metadata.annotations "dapr.io/enabled"}}{{.metadata.name}} {{end}}{{end}}{{end}}'); do
    there=$(ours get pods --selector "app.kubernetes.io/name=$deployment" --output jsonpath='{.items[*].spec.containers[*].name} {.items[*].spec.initContainers[*].name}')
    case " $there " in *" daprd "*) say 0 "sidecar: $deployment" ;; *) say 1 "sidecar: $deployment" "no daprd in its pods" ;; esac
done

for component in pubsub statestore; do
    equal "$(ours get component.dapr.io "$component" --output name)" "component.dapr.io/$component" "component: $component"
done

while read -r topic; do
    if [ "$(ours get job kafka-topics --ignore-not-found --output name)" ]; then
        done=$(ours get job kafka-topics --output 'go-template={{.status.succeeded}}')
        equal "$done" 1 "topic: $topic (made by the Job kafka-topics)"
    else
        equal "$(ours get "kafkatopic.kafka.strimzi.io/$topic" --output name)" "kafkatopic.kafka.strimzi.io/$topic" "topic: $topic"
    fi
done <k8s/topics.txt

while read -r name port; do
    said=$(beside "$name" "$port" alive.py)
    for path in health ready; do
        equal "$(printf '%s\n' "$said" | sed -n "s/^$path //p")" 200 "/$path: $name"
    done
done <k8s/services.txt

port=$(sed -n 's/^web //p' k8s/services.txt)
answer=$(beside web "$port" question.py)
say $? "a question and its answer: $(printf '%s' "$answer" | cut -c 1-60)"
exit $failed
