import CoreFoundation
// For its library, which has that of CoreFoundation in it.
import Foundation
import Glibc

/// The run loop of Foundation, on the main thread, with a `CFSocket` for each socket. On Linux,
/// Foundation's own classes are no way: `FileHandle` waits by Dispatch, and a `Stream` cannot be
/// made of a descriptor. The sockets of all connections are watched by one `select` of a thread of
/// CoreFoundation's, so that the cost of each event grows with the number of connections. And who
/// waits only to write is not told of a reset: such a connection stays as long as the server.
final class RunLoopPlatform: Platform {
    private let runLoop = CFRunLoopGetCurrent()
    private var listener: CFSocket?
    private var accepting: () -> Void = {}

    func watch(_ connection: Connection) -> any Watching {
        SocketWatch(connection, runLoop)
    }

    func watchListener(_ descriptor: Int32, _ body: @escaping () -> Void) {
        accepting = body
        listener = makeSocket(
            descriptor, runLoop, .readCallBack, Unmanaged.passUnretained(self).toOpaque()
        ) { _, _, _, _, context in
            Unmanaged<RunLoopPlatform>.fromOpaque(context!).takeUnretainedValue().accepting()
        }
    }

    func runUntilSignal(_ end: @escaping () -> Void) {
        var thread = pthread_t()
        let context = Unmanaged.passUnretained(runLoop!).toOpaque()
        pthread_create(
            &thread, nil,
            { runLoop in
                awaitSignal()
                let runLoop = Unmanaged<CFRunLoop>.fromOpaque(runLoop!).takeUnretainedValue()
                // To stop it before it turns would do nothing.
                CFRunLoopPerformBlock(runLoop, kCFRunLoopDefaultMode) {
                    CFRunLoopStop(CFRunLoopGetCurrent())
                }
                CFRunLoopWakeUp(runLoop)
                return nil
            }, context)
        CFRunLoopRun()
        pthread_join(thread, nil)
        CFSocketInvalidate(listener)
        end()
    }
}

private func makeSocket(
    _ descriptor: Int32, _ runLoop: CFRunLoop?, _ callbacks: CFSocketCallBackType,
    _ object: UnsafeMutableRawPointer, _ call: @escaping CFSocketCallBack
) -> CFSocket? {
    var context = CFSocketContext()
    context.info = object
    let socket = CFSocketCreateWithNative(
        nil, descriptor, callbacks.rawValue, call, &context)
    CFRunLoopAddSource(
        runLoop, CFSocketCreateRunLoopSource(nil, socket, 0), kCFRunLoopDefaultMode)
    return socket
}

private let read = CFSocketCallBackType.readCallBack.rawValue
private let write = CFSocketCallBackType.writeCallBack.rawValue

private final class SocketWatch: Watching {
    /// Kept until the socket is invalid, because that refers to it without holding it.
    private let connection: Connection
    private var socket: CFSocket?
    private var itself: SocketWatch?

    init(_ connection: Connection, _ runLoop: CFRunLoop?) {
        self.connection = connection
        itself = self
        let object = Unmanaged.passUnretained(self).toOpaque()
        socket = makeSocket(
            connection.descriptor, runLoop, [.readCallBack, .writeCallBack], object
        ) { _, kind, _, _, context in
            let watch = Unmanaged<SocketWatch>.fromOpaque(context!).takeUnretainedValue()
            if kind == .writeCallBack {
                watch.connection.socketIsWritable()
            } else {
                watch.connection.socketIsReadable()
            }
        }
    }

    func pauseReading() { CFSocketDisableCallBacks(socket, read) }
    func resumeReading() { CFSocketEnableCallBacks(socket, read) }
    func startWriting() { CFSocketEnableCallBacks(socket, write) }
    func stopWriting() { CFSocketDisableCallBacks(socket, write) }

    /// Closes the descriptor too.
    func close() {
        CFSocketInvalidate(socket)
        itself = nil
    }
}
