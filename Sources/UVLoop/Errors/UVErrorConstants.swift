import CUV

// One constant for each entry of libuv 1.44's UV_ERRNO_MAP, in its order.
extension UVError {
    /// Argument list too long: `UV_E2BIG`.
    public static let argumentListTooLong = UVError(UV_E2BIG)
    /// Permission denied: `UV_EACCES`.
    public static let permissionDenied = UVError(UV_EACCES)
    /// Address already in use: `UV_EADDRINUSE`.
    public static let addressInUse = UVError(UV_EADDRINUSE)
    /// Address not available: `UV_EADDRNOTAVAIL`.
    public static let addressNotAvailable = UVError(UV_EADDRNOTAVAIL)
    /// Address family not supported: `UV_EAFNOSUPPORT`.
    public static let addressFamilyNotSupported = UVError(UV_EAFNOSUPPORT)
    /// Resource temporarily unavailable: `UV_EAGAIN`.
    public static let wouldBlock = UVError(UV_EAGAIN)
    /// Address family not supported: `UV_EAI_ADDRFAMILY`.
    public static let lookupAddressFamily = UVError(UV_EAI_ADDRFAMILY)
    /// Temporary failure: `UV_EAI_AGAIN`.
    public static let lookupTryAgain = UVError(UV_EAI_AGAIN)
    /// Bad ai_flags value: `UV_EAI_BADFLAGS`.
    public static let lookupBadFlags = UVError(UV_EAI_BADFLAGS)
    /// Invalid value for hints: `UV_EAI_BADHINTS`.
    public static let lookupBadHints = UVError(UV_EAI_BADHINTS)
    /// Request canceled: `UV_EAI_CANCELED`.
    public static let lookupCanceled = UVError(UV_EAI_CANCELED)
    /// Permanent failure: `UV_EAI_FAIL`.
    public static let lookupFailed = UVError(UV_EAI_FAIL)
    /// Ai_family not supported: `UV_EAI_FAMILY`.
    public static let lookupFamilyNotSupported = UVError(UV_EAI_FAMILY)
    /// Out of memory: `UV_EAI_MEMORY`.
    public static let lookupOutOfMemory = UVError(UV_EAI_MEMORY)
    /// No address: `UV_EAI_NODATA`.
    public static let lookupNoAddress = UVError(UV_EAI_NODATA)
    /// Unknown node or service: `UV_EAI_NONAME`.
    public static let unknownHost = UVError(UV_EAI_NONAME)
    /// Argument buffer overflow: `UV_EAI_OVERFLOW`.
    public static let lookupOverflow = UVError(UV_EAI_OVERFLOW)
    /// Resolved protocol is unknown: `UV_EAI_PROTOCOL`.
    public static let lookupUnknownProtocol = UVError(UV_EAI_PROTOCOL)
    /// Service not available for socket type: `UV_EAI_SERVICE`.
    public static let lookupServiceNotAvailable = UVError(UV_EAI_SERVICE)
    /// Socket type not supported: `UV_EAI_SOCKTYPE`.
    public static let lookupSocketTypeNotSupported = UVError(UV_EAI_SOCKTYPE)
    /// Connection already in progress: `UV_EALREADY`.
    public static let alreadyInProgress = UVError(UV_EALREADY)
    /// Bad file descriptor: `UV_EBADF`.
    public static let badFileDescriptor = UVError(UV_EBADF)
    /// Resource busy or locked: `UV_EBUSY`.
    public static let resourceBusy = UVError(UV_EBUSY)
    /// Operation canceled: `UV_ECANCELED`.
    public static let canceled = UVError(UV_ECANCELED)
    /// Invalid Unicode character: `UV_ECHARSET`.
    public static let invalidUnicode = UVError(UV_ECHARSET)
    /// Software caused connection abort: `UV_ECONNABORTED`.
    public static let connectionAborted = UVError(UV_ECONNABORTED)
    /// Connection refused: `UV_ECONNREFUSED`.
    public static let connectionRefused = UVError(UV_ECONNREFUSED)
    /// Connection reset by peer: `UV_ECONNRESET`.
    public static let connectionReset = UVError(UV_ECONNRESET)
    /// Destination address required: `UV_EDESTADDRREQ`.
    public static let destinationAddressRequired = UVError(UV_EDESTADDRREQ)
    /// File already exists: `UV_EEXIST`.
    public static let fileExists = UVError(UV_EEXIST)
    /// Bad address in system call argument: `UV_EFAULT`.
    public static let badAddress = UVError(UV_EFAULT)
    /// File too large: `UV_EFBIG`.
    public static let fileTooLarge = UVError(UV_EFBIG)
    /// Host is unreachable: `UV_EHOSTUNREACH`.
    public static let hostUnreachable = UVError(UV_EHOSTUNREACH)
    /// Interrupted system call: `UV_EINTR`.
    public static let interrupted = UVError(UV_EINTR)
    /// Invalid argument: `UV_EINVAL`.
    public static let invalidArgument = UVError(UV_EINVAL)
    /// I/o error: `UV_EIO`.
    public static let ioError = UVError(UV_EIO)
    /// Socket is already connected: `UV_EISCONN`.
    public static let socketIsConnected = UVError(UV_EISCONN)
    /// Illegal operation on a directory: `UV_EISDIR`.
    public static let isDirectory = UVError(UV_EISDIR)
    /// Too many symbolic links encountered: `UV_ELOOP`.
    public static let tooManySymbolicLinks = UVError(UV_ELOOP)
    /// Too many open files: `UV_EMFILE`.
    public static let tooManyOpenFiles = UVError(UV_EMFILE)
    /// Message too long: `UV_EMSGSIZE`.
    public static let messageTooLong = UVError(UV_EMSGSIZE)
    /// Name too long: `UV_ENAMETOOLONG`.
    public static let nameTooLong = UVError(UV_ENAMETOOLONG)
    /// Network is down: `UV_ENETDOWN`.
    public static let networkDown = UVError(UV_ENETDOWN)
    /// Network is unreachable: `UV_ENETUNREACH`.
    public static let networkUnreachable = UVError(UV_ENETUNREACH)
    /// File table overflow: `UV_ENFILE`.
    public static let tooManyOpenFilesInSystem = UVError(UV_ENFILE)
    /// No buffer space available: `UV_ENOBUFS`.
    public static let noBufferSpace = UVError(UV_ENOBUFS)
    /// No such device: `UV_ENODEV`.
    public static let noSuchDevice = UVError(UV_ENODEV)
    /// No such file or directory: `UV_ENOENT`.
    public static let noSuchFileOrDirectory = UVError(UV_ENOENT)
    /// Not enough memory: `UV_ENOMEM`.
    public static let outOfMemory = UVError(UV_ENOMEM)
    /// Machine is not on the network: `UV_ENONET`.
    public static let notOnNetwork = UVError(UV_ENONET)
    /// Protocol not available: `UV_ENOPROTOOPT`.
    public static let protocolNotAvailable = UVError(UV_ENOPROTOOPT)
    /// No space left on device: `UV_ENOSPC`.
    public static let noSpace = UVError(UV_ENOSPC)
    /// Function not implemented: `UV_ENOSYS`.
    public static let notImplemented = UVError(UV_ENOSYS)
    /// Socket is not connected: `UV_ENOTCONN`.
    public static let notConnected = UVError(UV_ENOTCONN)
    /// Not a directory: `UV_ENOTDIR`.
    public static let notDirectory = UVError(UV_ENOTDIR)
    /// Directory not empty: `UV_ENOTEMPTY`.
    public static let directoryNotEmpty = UVError(UV_ENOTEMPTY)
    /// Socket operation on non-socket: `UV_ENOTSOCK`.
    public static let notSocket = UVError(UV_ENOTSOCK)
    /// Operation not supported on socket: `UV_ENOTSUP`.
    public static let notSupported = UVError(UV_ENOTSUP)
    /// Value too large for defined data type: `UV_EOVERFLOW`.
    public static let overflow = UVError(UV_EOVERFLOW)
    /// Operation not permitted: `UV_EPERM`.
    public static let notPermitted = UVError(UV_EPERM)
    /// Broken pipe: `UV_EPIPE`.
    public static let brokenPipe = UVError(UV_EPIPE)
    /// Protocol error: `UV_EPROTO`.
    public static let protocolError = UVError(UV_EPROTO)
    /// Protocol not supported: `UV_EPROTONOSUPPORT`.
    public static let protocolNotSupported = UVError(UV_EPROTONOSUPPORT)
    /// Protocol wrong type for socket: `UV_EPROTOTYPE`.
    public static let protocolWrongType = UVError(UV_EPROTOTYPE)
    /// Result too large: `UV_ERANGE`.
    public static let outOfRange = UVError(UV_ERANGE)
    /// Read-only file system: `UV_EROFS`.
    public static let readOnlyFileSystem = UVError(UV_EROFS)
    /// Cannot send after transport endpoint shutdown: `UV_ESHUTDOWN`.
    public static let shutDown = UVError(UV_ESHUTDOWN)
    /// Invalid seek: `UV_ESPIPE`.
    public static let illegalSeek = UVError(UV_ESPIPE)
    /// No such process: `UV_ESRCH`.
    public static let noSuchProcess = UVError(UV_ESRCH)
    /// Connection timed out: `UV_ETIMEDOUT`.
    public static let timedOut = UVError(UV_ETIMEDOUT)
    /// Text file is busy: `UV_ETXTBSY`.
    public static let textFileBusy = UVError(UV_ETXTBSY)
    /// Cross-device link not permitted: `UV_EXDEV`.
    public static let crossDeviceLink = UVError(UV_EXDEV)
    /// Unknown error: `UV_UNKNOWN`.
    public static let unknown = UVError(UV_UNKNOWN)
    /// End of file: `UV_EOF`.
    public static let endOfFile = UVError(UV_EOF)
    /// No such device or address: `UV_ENXIO`.
    public static let noSuchAddressOrDevice = UVError(UV_ENXIO)
    /// Too many links: `UV_EMLINK`.
    public static let tooManyLinks = UVError(UV_EMLINK)
    /// Host is down: `UV_EHOSTDOWN`.
    public static let hostDown = UVError(UV_EHOSTDOWN)
    /// Remote I/O error: `UV_EREMOTEIO`.
    public static let remoteIOError = UVError(UV_EREMOTEIO)
    /// Inappropriate ioctl for device: `UV_ENOTTY`.
    public static let inappropriateControl = UVError(UV_ENOTTY)
    /// Inappropriate file type or format: `UV_EFTYPE`.
    public static let inappropriateFileType = UVError(UV_EFTYPE)
    /// Illegal byte sequence: `UV_EILSEQ`.
    public static let illegalByteSequence = UVError(UV_EILSEQ)
    /// Socket type not supported: `UV_ESOCKTNOSUPPORT`.
    public static let socketTypeNotSupported = UVError(UV_ESOCKTNOSUPPORT)
}
