#!/bin/sh
# deploy/deploy.sh minikube|production: namespace, check of the Secrets, apply, wait until everything is rolled out.
#   KUBECTL   the kubectl to use; otherwise the one on PATH
#   TIMEOUT   how long the roll-out may take; otherwise 300s
set -eu
cd "$(dirname "$0")"
overlay=${1:-}
[ -f "k8s/overlays/$overlay/kustomization.yaml" ] || { echo "usage: deploy/deploy.sh minikube|production" >&2; exit 2; }
timeout=${TIMEOUT:-300s}
# words of our own, one of them may be a subcommand
# shellcheck disable=SC2086
kubectl() { ${KUBECTL:-command kubectl} "$@"; }
ours() { kubectl --namespace learnflow "$@"; }

echo "-- namespace"
kubectl apply --server-side -f k8s/base/namespace.yaml

echo "-- Secrets"
missing=""
while read -r name key; do
    value=$(ours get secret "$name" --ignore-not-found --output "go-template={{if .data}}{{index .data \"$key\"}}{{end}}")
    case $value in "" | "<no value>") missing="$missing  $name: $key
" ;; esac
done <"k8s/overlays/$overlay/secrets.txt"
if [ -n "$missing" ]; then
    printf 'These are missing:\n%s' "$missing" >&2
    echo "Make them: deploy/README.md, \"Secrets\"." >&2
    exit 1
fi

echo "-- apply"
# a Job cannot be changed, only made anew
ours delete job --ignore-not-found learnflow-migrate kafka-topics
kubectl apply --server-side -k "k8s/overlays/$overlay"

echo "-- roll-out"
ours wait --for=condition=complete job/learnflow-migrate --timeout="$timeout"
for deployment in $(ours get deployments --selector app.kubernetes.io/part-of=learnflow --output name); do
    ours rollout status "$deployment" --timeout="$timeout"
done
echo "Rolled out. Look at it: deploy/verify.sh"
