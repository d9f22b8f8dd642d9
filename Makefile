# Each target calls one script; everything it needs is installed through apt where it is missing.
.PHONY: help demo test bench bench-smoke kills up down check-release images check-trixie format lint

help:
	@echo "make demo          build, start everything on this machine, play a day, check it, clean up"
	@echo "make test          everything that CI runs; ARGS='--filter NAME' for a part of the tests"
	@echo "make bench         speed and size of netsuite-writer, measured and checked; ARGS='--help' says what can be asked"
	@echo "make bench-smoke   the bench in small: its checks without its figures"
	@echo "make up            the same stack as the demo, left running; make down ends it"
	@echo "make format, lint  the source format, applied or checked"
	@echo "make kills         kill -9 at each boundary of the services, ROUNDS=n times, on BROKER=embedded or real"
	@echo "make check-release nothing of the crash points is in the release binaries"
	@echo "make images        the container images, without a container engine: built, run, measured (root, buildah, debootstrap)"
	@echo "make check-trixie  build and unit tests with Debian 13's own compiler (root, debootstrap)"

demo:
	@deploy/scripts/install-packages demo
	@deploy/scripts/build
	@exec deploy/demo/crossdock-demo demo

up:
	@deploy/scripts/install-packages demo
	@deploy/scripts/build
	@exec deploy/demo/crossdock-demo up

down:
	@exec deploy/demo/crossdock-demo down

test:
	@deploy/scripts/install-packages test
	@exec deploy/scripts/test $(ARGS)

# As the images' programs are built; apart from other builds for release, which are not and would be made anew each time.
bench: bench_build = -c release --static-swift-stdlib --scratch-path .build/bench
bench bench-smoke:
	@deploy/scripts/install-packages bench
	@for program in netsuite-writer writer-bench crossdock embedded-broker; do \
		deploy/scripts/build $(bench_build) --product $$program || exit 1; done
	@exec Tests/Bench/crossdock-bench $(if $(bench_build),,--smoke --binaries .build/debug) $(ARGS)

kills:
	@deploy/scripts/install-packages test
	@deploy/scripts/build
	@exec Tests/Kills/crossdock-kills --rounds $(or $(ROUNDS),2) --broker $(or $(BROKER),embedded)

check-release:
	@exec deploy/scripts/check-release

images:
	@deploy/scripts/install-packages images
	@exec deploy/scripts/images $(STEP)

check-trixie:
	@exec deploy/scripts/check-trixie

format:
	@exec deploy/scripts/format

lint:
	@exec deploy/scripts/format --check
