import CUV

// Ending a loop: everything closes, every callback comes, nothing is left.
extension LoopCore {
    /// Closes whatever is open, runs until all of it is gone, and ends the libuv loop.
    func close() throws(EventLoopError) {
        guard !isClosed else { return }
        guard isOnThread else { throw .wrongThread }
        guard !isRunning, !isClosing else { throw .running }
        guard whenWorkWaits == nil else { throw .installed }
        renewIfForked()
        isClosing = true
        let outer = CurrentLoop.swap(eventLoop)
        defer { _ = CurrentLoop.swap(outer) }
        isStopping = false
        reportOpenHandles()
        tasks.cancelAll()
        closeEverything()
        runLastTurns()
        endUV()
    }

    /// Ends a loop whose object goes without having been closed: nothing is open, and what is
    /// queued is not called, because there is no loop to call it with.
    func closeUnused() {
        guard !isClosed else { return }
        renewIfForked()
        isClosing = true
        acceptsHandles = false
        takesCalls = false
        isDrainAssured = false
        inbox.close(takingInto: &posted)
        posted.moveAll(to: &ready)
        endUV()
    }

    /// Runs what is queued and posted, refusing more. Only jobs may be left afterwards.
    func runLastTurns() {
        inbox.close(takingInto: &posted)
        posted.moveAll(to: &ready)
        turn(atMost: 64)
        takesCalls = false
        isDrainAssured = false
        turn(atMost: 1)
    }

    func closeEverything() {
        stopAllTimers()
        // Callbacks and tasks may open new things as they hear of the end; after a few rounds
        // nothing new is let in.
        for round in 0... {
            if round == 8 { acceptsHandles = false }
            closeHandles()
            turn(atMost: 16)
            if acceptsHandles, !hasUserHandles { acceptsHandles = false }
            if !acceptsHandles, !hasUserHandles, uv.pointee.active_reqs.count == 0 { break }
            // Requests in the thread pool cannot be taken back once begun: wait for them. A handle
            // that polls a path is not gone before its request is.
            if uv.pointee.active_reqs.count != 0, !hasOpenUserHandles { uv_run(uv, UV_RUN_ONCE) }
        }
        stopAllTimers()
    }

    /// Makes turns until nothing is queued. After so many turns, what came meanwhile may be left;
    /// what was queued at the beginning never is.
    func turn(atMost turns: Int) {
        resolveTimers()
        let queued = ready.tail
        var turnsMade = 0
        repeat {
            turnEnd = ready.tail
            if !ready.isEmpty { startIdle() }
            wakeup.keepsLoopAlive(true)
            uv_run(uv, UV_RUN_NOWAIT)
            wakeup.keepsLoopAlive(false)
            turnsMade += 1
            if ready.isEmpty, unflushed.isEmpty { break }
        } while turnsMade < turns || !ready.hasTakenAll(before: queued)
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

    /// Whether handles are at work or on their way out. Those at rest stay until the very end,
    /// because their objects do not know that the loop closes and user code may still use them.
    var hasUserHandles: Bool {
        var found = false
        forEachUserHandle { raw in
            if uv_is_closing(raw) != 0 || raw.pointee.data != nil { found = true }
        }
        return found
    }

    private var hasOpenUserHandles: Bool {
        var found = false
        forEachHandleObject { _ in found = true }
        return found
    }

    func closeHandles() {
        forEachHandleObject { $0.loopIsClosing() }
        // Copied, because who hears of it may ask for something else.
        for request in Array(pendingRequests.values) { request.loopIsClosing() }
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
        closeHandles()
        isClosed = true
        forEachUserHandle { raw in closeAndFree(raw) }
        turnCounter = nil
        nameCache = nil
        stopAllTimers()
        debugPlaces = nil
        stopWatchdog()
        wakeup.close()
        clock.close()
        for handle in [uvHandle(prepare), uvHandle(check), uvHandle(idle)] { closeAndFree(handle) }
        uv_run(uv, UV_RUN_DEFAULT)
        let result = uv_loop_close(uv)
        precondition(result == 0, "uv_loop_close: \(UVError(rawValue: result))")
        uv.deallocate()
        readBuffers.deallocate()
        datagramBuffer?.deallocate()
        datagramBuffer = nil
        while !releasedLater.isEmpty { releaseObjects() }
        exceptionHandler = nil
        // Jobs that are left, of tasks that never end, go the way of those that come late.
        var left: [ReadyEntry] = []
        while let entry = ready.takeFirst(before: ready.tail) {
            switch entry {
            case .orphan(let node): node.becomeOrphan()
            case .timer(let node), .sleeper(let node): Self.endTimer(node)
            default: left.append(entry)
            }
        }
        cuv_owner_end(owner)
        for entry in left where entry.isJob { LateJobs.shared.take(entry, for: SharedCore(self)) }
    }

    /// Whether the loop's own thread has done with it; late jobs wait for that.
    var isOver: Bool { cuv_owner_is_none(owner) }

    /// Runs a job that comes after the loop's end, see ``LateJobs``.
    func runLate(_ entry: ReadyEntry) {
        cuv_owner_set_late(owner, true)
        run(entry)
        cuv_owner_set_late(owner, false)
    }
}
