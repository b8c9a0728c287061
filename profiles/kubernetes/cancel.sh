#!/bin/bash
exec kubectl delete --ignore-not-found --wait=false "$@"
