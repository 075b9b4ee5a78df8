"""The READMEs' tables of settings in both languages, from the fields of `config.settings.Settings`."""

from pydantic.fields import FieldInfo

from config.settings import Settings

VARIABLES = tuple(Settings.model_fields.values())

# Name -> (default if it is more than a plain value, meaning).
CHINESE: dict[str, tuple[str, str]] = {
    "HOTLINE_ENV": ("", "`demo` 或 `production`；生产环境没有默认的密钥和地址"),
    "HOTLINE_HOME": ("", "数据目录：内置数据库、内置 Redis、录音、演示密钥"),
    "PORT": ("", "本机上网页进程的端口"),
    "HOTLINE_BIND": ("", "网页与事件进程监听的地址"),
    "HOTLINE_PROXIES": ("", "前面有几层自己的、会写 `X-Forwarded-For` 的代理"),
    "WEB_CONCURRENCY": ("", "网页组的进程数；每个进程 16 个线程（演示时 64 个）"),
    "EXCHANGE_PORT": ("", "运营商模拟器的端口（仅演示）"),
    "EXCHANGE_PACE": ("", "交换机的一秒等于几秒真实时间：`0.1` 即说话、振铃快十倍"),
    "DATABASE_URL": ("`HOTLINE_HOME` 里的 SQLite", "SQLAlchemy 地址：`postgresql://…` 或 `sqlite:///…`"),
    "HOTLINE_DATABASE_CONNECTIONS": ("", "每个进程最多打开的数据库连接数"),
    "REDIS_URL": ("内置服务器", "`redis://…`、`rediss://…` 或 `unix://…`"),
    "HOTLINE_CITY": (
        "`HOTLINE_HOME` 里的 `city`",
        "城市数据目录：承办单位、时限与规则、号码、工作日历；首次启动时按示例生成",
    ),
    "HOTLINE_SOUNDS": (
        "`HOTLINE_HOME` 里的 `sounds`",
        "录音存放处：各主机共用的目录 `file:///目录`，或 `s3://存储桶/前缀`",
    ),
    "HOTLINE_S3_ENDPOINT": ("AWS 的地址", "S3 服务的 scheme://host[:port]"),
    "HOTLINE_S3_REGION": ("", "存储桶所在区域"),
    "HOTLINE_S3_ADDRESSING": ("", "`virtual` 把桶名放在主机名前，OBS 和 OSS 需要"),
    "HOTLINE_S3_ACCESS_KEY": ("无", "存储桶的访问密钥"),
    "HOTLINE_S3_SECRET_KEY": ("无", "该访问密钥的口令"),
    "SECRET_KEY": ("首次生成，保存在 `HOTLINE_HOME`", "签名 Cookie 与表单；至少 32 个字符"),
    "PUBLIC_URL": ("", "运营商和浏览器看到的 scheme://host[:port]；webhook 签名按它核验"),
    "HOTLINE_NUMBER": ("", "热线号码，E.164"),
    "HOTLINE_TIMEZONE": ("", "城市时区；日期和期限按它计算"),
    "HOTLINE_IDLE_HOURS": ("", "多少小时不使用后须重新登录"),
    "HOTLINE_LOCALE": ("", "未选择语言的人看到的语言：`zh_CN` 或 `en`"),
    "TWILIO_ACCOUNT_SID": ("首次生成", "运营商账户"),
    "TWILIO_AUTH_TOKEN": ("首次生成", "核验运营商 webhook 的签名"),
    "TWILIO_API_KEY": ("首次生成", "REST 调用与坐席话机令牌所用的密钥"),
    "TWILIO_API_SECRET": ("首次生成", "该密钥的口令"),
    "TWILIO_APP_SID": ("首次生成", "坐席话机的 TwiML 应用"),
    "TWILIO_API_URL": ("`https://api.twilio.com`；演示时为运营商模拟器", "任何使用同一套 API 的运营商"),
    "CARRIER_PROFILE": (
        "",
        "`narrow` 用于自建 TwiML 引擎：没有 Enqueue、Pause、Conference、Client，坐席用 SIP 话机",
    ),
    "OIDC_ISSUER": ("无", "本市统一身份认证（OpenID Connect）的 issuer，须与其元数据完全一致"),
    "OIDC_CLIENT_ID": ("无", "本系统在统一身份认证的名称"),
    "OIDC_CLIENT_SECRET": ("无", "本系统在统一身份认证的口令"),
    "OIDC_SCOPE": ("", "请求的 scope，须含 `openid`"),
    "OIDC_NAME_CLAIM": ("", "内容为用户名的声明"),
    "OIDC_ROLE_CLAIM": ("无", "每次登录时决定角色的声明（文本或列表）；不设则账号保留原角色"),
    "OIDC_UNIT_CLAIM": ("无", "内容为单位经办人所属单位代码的声明"),
    "OIDC_ROLES": ("无", "角色声明的值与本系统的角色，重要的在前：`it-admins=admin,agents=operator`"),
    "SOFTPHONE_DRIVER": (
        "Twilio 时为 `twilio`；演示中为 `exchange`",
        "坐席话机：`twilio`（浏览器内的 Voice SDK）、`sip`（浏览器外的话机）或 `exchange`",
    ),
    "SOFTPHONE_URL": (
        "由话机类型决定",
        "`sip:host[:port]`，话机以 `op_<用户编号>` 注册于此；或其他信令的 `wss://host[:port]`",
    ),
    "SOFTPHONE_EDGE": ("由 Twilio 选择", "Twilio 的接入点，近者在前，如 `singapore,tokyo`"),
    "SOFTPHONE_SCRIPT": ("自带的脚本", "浏览器所用其他 Voice SDK 的 https 地址"),
}


def english_table() -> str:
    """Returns the table; a star marks the variables that production must set."""
    rows = [f"| {_name(each)} | {each.title} | {each.description} |" for each in VARIABLES]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])


def chinese_table() -> str:
    """Returns the same table in Chinese. Raises KeyError for a variable without a translation."""
    rows = []
    for each in VARIABLES:
        default, meaning = CHINESE[str(each.alias)]
        rows.append(f"| {_name(each)} | {default or each.title} | {meaning} |")
    return "\n".join(["| 变量 | 默认值 | 含义 |", "|---|---|---|", *rows])


def _name(field: FieldInfo) -> str:
    return f"`{field.alias}`{' *' if field.is_required() else ''}"
