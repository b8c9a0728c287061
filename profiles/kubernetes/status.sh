#!/bin/bash
# What became of a job: success, failed or running; running too while the cluster does not answer.
found=$(kubectl get "$1" --ignore-not-found -o 'jsonpath={.metadata.name} {.status.conditions[?(@.status=="True")].type}') ||
  found=unknown
case "$found" in
  *\ *Complete*) echo success ;;
  *\ *Failed* | "") echo failed ;; # no such job: somebody deleted it
  *) echo running ;;
esac
