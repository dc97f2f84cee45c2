"""The texts about a cluster of workers in English and Spanish; messages.py has all others."""

from collections.abc import Mapping

CLUSTER_TEXTS: Mapping[str, tuple[str, str]] = {
    "certificates_missing": (
        "tls:// needs the cluster's certificates, but {folder} doesn't have them. Make them once with `localwhisper "
        "cluster certificates DIR`, copy them to each machine, and name the folder with --cluster-certificates.",
        "tls:// necesita los certificados del clúster, pero {folder} no los contiene. Créelos una vez con "
        "`localwhisper cluster certificates DIR`, cópielos a cada equipo e indique la carpeta con "
        "--cluster-certificates.",
    ),
    "certificates_exist": (
        "{folder} has a cluster's certificates already. Choose another folder, or remove them if no machine uses them.",
        "{folder} ya contiene los certificados de un clúster. Elija otra carpeta, o bórrelos si ningún equipo los usa.",
    ),
    "workers_lost": (
        "One worker after another was lost at the same point of this recording, so the job was not started again. The "
        "text so far is kept. The workers' own output may say why; too little memory there is the usual cause: choose "
        "a smaller model, or let fewer jobs run at once on each worker.",
        "Se perdió un trabajador tras otro en el mismo punto de esta grabación, así que el trabajo no se reinició. El "
        "texto hasta ahora se conserva. La salida de los trabajadores puede indicar el motivo; la causa habitual es "
        "que les falta memoria: elija un modelo más pequeño, o haga que cada trabajador ejecute menos trabajos a la "
        "vez.",
    ),
    "worker_model": (
        "This worker's model {model} has other weights than the server's, so the texts would differ. Remove it from "
        "the worker's model folder, or copy the server's, and restart the worker.",
        "El modelo {model} de este trabajador tiene otros pesos que el del servidor, por lo que los textos serían "
        "distintos. Bórrelo de la carpeta de modelos del trabajador, o copie el del servidor, y reinicie el "
        "trabajador.",
    ),
    "worker_version": (
        "The server has {package} {server}, and this worker {worker}: the texts might differ. Install the same "
        "versions on both.",
        "El servidor tiene {package} {server} y este trabajador {worker}: los textos podrían diferir. Instale las "
        "mismas versiones en ambos.",
    ),
}
