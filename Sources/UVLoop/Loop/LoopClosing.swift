import CUV

// Ending a loop: everything closes, every callback comes, nothing is left.
extension LoopCore {
    /// Closes whatever is open, runs until all of it is gone, and ends the libuv loop.
    func close() throws(EventLoopError) {
        guard !isClosed else { return }
        guard isOnThread else { throw .wrongThread }
        guard !isRunning else { throw .running }
        let outer = CurrentLoop.swap(eventLoop)
        defer { _ = CurrentLoop.swap(outer) }
        isStopping = false
        isClosing = true
        reportOpenHandles()
        tasks.cancelAll()
        closeEverything()
        // What has been accepted is run. Nothing of the user's runs on this thread once the inbox
        // is closed, because late jobs may run elsewhere from then on.
        for round in 0... {
            turn(atMost: 16)
            let isEmpty = ready.isEmpty && !timers.hasOverdue
            if (isEmpty || round == 8) && inbox.close(evenWithPosts: round == 8) { break }
        }
        endUV()
    }

    /// Ends a loop whose object goes without having been closed: nothing can be open.
    func closeUnused() {
        guard !isClosed else { return }
        isClosing = true
        acceptsHandles = false
        _ = inbox.close(evenWithPosts: true)
        endUV()
    }

    func closeEverything() {
        stopAllTimers()
        // Callbacks and tasks may open new things as they hear of the end; after a few rounds
        // nothing new is let in.
        for round in 0... {
            if round == 8 { acceptsHandles = false }
            forEachHandleObject { $0.loopIsClosing() }
            turn(atMost: 16)
            guard !hasUserHandles else { continue }
            acceptsHandles = false
            if uv.pointee.active_reqs.count == 0 { break }
            // Requests in the thread pool cannot be taken back once begun: wait for them.
            uv_run(uv, UV_RUN_ONCE)
        }
    }

    func turn(atMost turns: Int) {
        resolveTimers()
        for _ in 0..<turns {
            turnEnd = ready.tail
            if !ready.isEmpty { startIdle() }
            wakeup.keepsLoopAlive(true)
            uv_run(uv, UV_RUN_NOWAIT)
            wakeup.keepsLoopAlive(false)
            if ready.isEmpty, unflushed.isEmpty { break }
        }
    }

    func forEachUserHandle(_ body: (UnsafeMutablePointer<uv_handle_t>) -> Void) {
        let own = [wakeup.handle, clock.handle, uvHandle(prepare), uvHandle(check), uvHandle(idle)]
        var handles: [UnsafeMutablePointer<uv_handle_t>] = []
        withUnsafeMutablePointer(to: &handles) { list in
            uv_walk(
                uv,
                { handle, list in
                    list!.assumingMemoryBound(to: [UnsafeMutablePointer<uv_handle_t>].self)
                        .pointee.append(handle!)
                }, list)
        }
        for handle in handles where !own.contains(handle) { body(handle) }
    }

    /// Calls `body` with every object that the loop holds for an open handle.
    func forEachHandleObject(_ body: (Handle) -> Void) {
        forEachUserHandle { raw in
            guard uv_is_closing(raw) == 0, let data = raw.pointee.data else { return }
            body(Unmanaged<Handle>.fromOpaque(data).takeUnretainedValue())
        }
    }

    /// Whether the loop still holds objects, at work or closing.
    var hasUserHandles: Bool {
        var found = false
        forEachUserHandle { if $0.pointee.data != nil { found = true } }
        return found
    }

    func reportOpenHandles() {
        guard let places = debugPlaces else { return }
        forEachHandleObject { handle in
            let place = places[handle.raw].map { ", made at \($0.description)" } ?? ""
            report(
                ExceptionContext(
                    "the loop was closed with an open \(handle.reportName)\(place)", source: .loop))
        }
    }

    func endUV() {
        isClosed = true
        stopAllTimers()
        debugPlaces = nil
        // The structs of objects at rest. Only now, because their objects see by `isClosed` alone
        // that they are gone.
        forEachUserHandle { closeAndFree($0) }
        wakeup.close()
        clock.close()
        for handle in [uvHandle(prepare), uvHandle(check), uvHandle(idle)] { closeAndFree(handle) }
        uv_run(uv, UV_RUN_DEFAULT)
        let result = uv_loop_close(uv)
        precondition(result == 0, "uv_loop_close: \(UVError(rawValue: result))")
        uv.deallocate()
        readBuffer.deallocate()
        while !releasedLater.isEmpty { releaseObjects() }
        exceptionHandler = nil
        // Jobs that are left, of tasks that never end, go the way of those that come late; calls
        // that are left are not made.
        inbox.take(into: &posted)
        posted.moveAll(to: &ready)
        var left: [ReadyEntry] = []
        while let entry = ready.takeFirst(before: ready.tail) { left.append(entry) }
        owner.store(0, ordering: .releasing)
        for entry in left {
            if case .timer(let node) = entry { retire(node) }
            if entry.isJob { LateJobs.shared.take(entry, for: SharedCore(self)) }
        }
    }

    /// Runs a job that comes after the loop's end, see ``LateJobs``.
    func runLate(_ entry: ReadyEntry) {
        owner.store(cuv_thread_token(), ordering: .relaxed)
        run(entry)
        owner.store(0, ordering: .relaxed)
    }

    /// Whether the loop's own thread has done with it.
    var isOver: Bool { owner.load(ordering: .acquiring) == 0 }
}
